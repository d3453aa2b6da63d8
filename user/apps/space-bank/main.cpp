// SPDX-License-Identifier: Apache-2.0
// The space bank. It needs no recovery: its books, the frames they speak of and the request in its hands come
// back of one instant, whatever was cut.
#include "vault.hpp"

#include <apps/self_check.hpp>
#include <runtime/program.hpp>
#include <runtime/server/space_bank.hpp>
#include <runtime/server_loop.hpp>

namespace space_bank {
namespace {

constexpr std::uint64_t operations_per_look = 16; // at the clock
constexpr std::uint64_t line_ns = 500'000'000;    // between two lines, at least
constexpr unsigned limit_bits = 16;               // of each account, in the program's argument

using namespace runtime::space_bank_server;
using runtime::Request;

constinit Ledger ledger;
constinit Vault vault{ledger};

class Bank {
public:
    bool dispatch(Request& request) {
        bool const known = runtime::space_bank_server::dispatch(*this, request);
        check();
        return known;
    }
    void event(std::uint64_t) {}

    Result<AllocatePageResult> allocate_page(Request& request) {
        TRY(sell(request, abi::FrameType::data_page));
        return AllocatePageResult{BankSlot::item};
    }
    Result<AllocateCapabilityPageResult> allocate_capability_page(Request& request) {
        TRY(sell(request, abi::FrameType::capability_page));
        return AllocateCapabilityPageResult{BankSlot::item};
    }
    Result<AllocateObjectResult> allocate_object(Request& request, AllocateObjectArguments const& arguments) {
        auto const type = static_cast<abi::FrameType>(arguments.object_type);
        if (arguments.object_type >= abi::frame_type_count || !abi::is_heap_frame(type))
            return fail(Error::bad_argument);
        TRY(sell(request, type));
        return AllocateObjectResult{BankSlot::item};
    }

    Result<> deallocate(Request& request, DeallocateArguments const& arguments) {
        auto const account = TRY(account_of(request));
        auto const item = vault.find(account, arguments.capability);
        if (item.failed()) return fail(checked(item.error));
        TRY(vault.destroy(*item, arguments.capability));
        ledger.returned(*item);
        return {};
    }

    Result<StatusResult> status(Request& request) {
        auto const& books = ledger.account(TRY(account_of(request)));
        return StatusResult{books.limit, books.created, books.live, books.freed};
    }

private:
    static Result<std::size_t> account_of(Request const& request) {
        if (!ledger.has(request.payload())) return fail(Error::no_right);
        return request.payload();
    }

    static Result<> sell(Request const& request, abi::FrameType type) {
        auto const account = TRY(account_of(request));
        if (!ledger.may_buy(account)) return fail(Error::limit_reached);
        auto const item = take(account, type);
        // Without the heap nothing of its type can be made: a void capability
        // is the bank's, not the caller's.
        if (item.error == Error::void_capability) return fail(Error::bad_argument);
        if (item.failed()) return fail(checked(item.error));
        ledger.sold(account, *item, type);
        return {};
    }

    static Result<Item> take(std::size_t account, abi::FrameType type) {
        if (type == abi::FrameType::data_page) return vault.take_page();
        if (type == abi::FrameType::capability_page) return vault.take_capability_page();
        return vault.take_object(account, type);
    }

    static Error checked(Error error) {
        if (error == Error::corrupt)
            apps::self_check_failed("space-bank", "a frame is not what the books say");
        return error;
    }

    void check() {
        auto const sum = ledger.total();
        if (!ledger.consistent())
            apps::self_check_failed("space-bank", sum.created, " created, ", sum.live, " live, ", sum.freed,
                                    " freed");
        if (++operations_ % operations_per_look != 0) return;
        auto const now = apps::clock.now();
        if (now.failed() || now->nanoseconds < next_line_) return;
        next_line_ = now->nanoseconds + line_ns;
        // Not paced: the bank's callers would wait, too.
        apps::reply("space-bank: ", sum.created, " created, ", sum.live, " live, ", sum.freed, " freed");
    }

    std::uint64_t operations_ = 0;
    std::uint64_t next_line_ = 0;
};

} // namespace
} // namespace space_bank

// The argument holds the accounts' limits, 16 bits each, account 1 in the lowest.
extern "C" int main(std::uint64_t argument) {
    using namespace space_bank;
    for (std::size_t account = 1; account <= account_count; ++account) {
        ledger.open(account, argument & ((1u << limit_bits) - 1));
        argument >>= limit_bits;
    }
    Bank bank;
    runtime::serve(bank, BankSlot::requests);
}
