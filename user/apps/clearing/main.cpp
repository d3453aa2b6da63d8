// SPDX-License-Identifier: Apache-2.0
// The clearing house: moves money between two tellers and keeps a book of what each has. Whatever a teller
// says of its balance must be what the book says, and the total of all money, on the way or not, never
// changes: three processes of one instant, whatever was cut.
#include <apps/clearing.hpp>
#include <apps/pace.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/program.hpp>
#include <runtime/server_loop.hpp>

#include <cstdint>

namespace {

using clearing::Operation;
using runtime::Slot;

constexpr std::uint64_t first_teller_slot = 4; // endpoints of the tellers, to post to
constexpr Slot first_receive_slot(32);

struct Account {
    std::int64_t balance = clearing::opening_balance; // as the teller has it
    std::int64_t uncollected = 0;                     // on its way to the teller
};

struct Moved {
    std::int64_t amount;
    std::int64_t balance;
};
runtime::Result<> encode(runtime::Message& message, Moved const& moved) {
    message.put(clearing::to_word(moved.amount));
    message.put(clearing::to_word(moved.balance));
    return {};
}

class ClearingHouse {
public:
    bool dispatch(runtime::Request& request) {
        auto const teller = request.payload() - 1; // the description counts from 1
        if (teller >= 2) return false;
        runtime::MessageReader reader(request.message());
        std::uint64_t amount = 0;
        std::uint64_t balance = 0;
        bool const transfers = request.operation() == static_cast<std::uint64_t>(Operation::transfer);
        if (!transfers && request.operation() != static_cast<std::uint64_t>(Operation::collect)) return false;
        if (transfers) reader.take(amount);
        reader.take(balance);
        if (request.refuses(reader, 0)) return true;
        if (transfers) request.complete(transfer(teller, clearing::from_word(amount), balance));
        else request.complete(collect(teller, balance));
        return true;
    }
    void event(std::uint64_t bits) { apps::self_check_failed("clearing", "an event, bits ", bits); }

private:
    runtime::Result<Moved> transfer(std::uint32_t teller, std::int64_t amount, std::uint64_t told) {
        auto& from = accounts_[teller];
        check_book(teller, from.balance - amount, clearing::from_word(told));
        if (amount <= 0) return runtime::fail(runtime::Error::bad_argument);
        if (from.balance < amount) {
            ++refused_;
            return runtime::fail(clearing::overdraft);
        }
        from.balance -= amount;
        accounts_[1 - teller].uncollected += amount;
        ++transfers_;
        runtime::Endpoint const other{Slot(first_teller_slot + 1 - teller)};
        auto const posted = other.post(clearing::deposit_bit);
        // Nobody collects any more what a teller has that was killed from the console.
        if (posted.error == runtime::Error::void_capability) note_gone();
        else if (posted.failed()) apps::self_check_failed("clearing", "post: ", describe(posted.error).name);
        check_total();
        return Moved{amount, from.balance};
    }

    runtime::Result<Moved> collect(std::uint32_t teller, std::uint64_t told) {
        auto& account = accounts_[teller];
        check_book(teller, account.balance, clearing::from_word(told));
        Moved const moved{account.uncollected, account.balance + account.uncollected};
        account = {moved.balance, 0};
        return moved;
    }

    static void check_book(std::uint32_t teller, std::int64_t book, std::int64_t told) {
        if (book != told)
            apps::self_check_failed("clearing", "teller ", teller + 1, " has ", told, ", the book says ",
                                    book);
    }

    void note_gone() {
        if (!gone_) apps::say("clearing: a teller is gone: ", describe(abi::Error::void_capability).name);
        gone_ = true;
    }

    void check_total() {
        std::int64_t total = 0;
        for (auto const& account : accounts_) total += account.balance + account.uncollected;
        if (total != clearing::total)
            apps::self_check_failed("clearing", "total ", total, " after ", transfers_, " transfers");
        if (lines_.due())
            apps::say("clearing: ", transfers_, " transfers, total ", total, ", ok, ", refused_, " refused");
    }

    Account accounts_[2];
    std::uint64_t transfers_ = 0;
    std::uint64_t refused_ = 0;
    bool gone_ = false;
    apps::Pace lines_{50'000'000};
};

constinit ClearingHouse house{};

} // namespace

extern "C" int main(std::uint64_t) { runtime::serve(house, first_receive_slot); }
