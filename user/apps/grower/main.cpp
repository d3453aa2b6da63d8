// SPDX-License-Identifier: Apache-2.0
// Grows its own address space until the bank refuses, shrinks it to nothing and starts anew, sixteen pages a
// round. Each page bears the number of the round in which it was bought; every page that it owns is verified
// in every round.
#include "goods.hpp"
#include "window.hpp"

#include <apps/self_check.hpp>
#include <runtime/program.hpp>

#include <bit>

namespace {

using grower::Window;
using runtime::Error;

constinit Window window;
constinit std::uint64_t round_number = 1;
constinit std::size_t count = 0; // pages that it owns
constinit std::uint64_t births[grower::pages_max] = {};
constinit bool shrinking = false;
constinit bool bank_sells_processes = false;

struct Page {
    std::uint64_t words[512];
};
static_assert(sizeof(Page) == abi::frame_size);

Page volatile& page_at(std::size_t index) {
    return *std::bit_cast<Page volatile*>(grower::window_address + index * sizeof(Page));
}

std::uint64_t pattern(std::size_t index, std::size_t word) {
    return (births[index] * 0x10'0000 + index * 0x400 + word) * 0x9e37'79b9'7f4a'7c15;
}

template <class... Parts>
[[noreturn]] void failed(Parts const&... parts) {
    apps::self_check_failed("grower", "round ", round_number, ": ", parts...);
}

void must(runtime::Result<> result, std::string_view what) {
    if (result.error == Error::void_capability)
        apps::rest("grower: the bank is gone: ", abi::describe(result.error).name);
    if (result.failed()) failed(what, ": ", abi::describe(result.error).name);
}

// False: the bank refuses, or the window is full.
bool buy(std::size_t index) {
    if (index >= grower::pages_max) return false;
    auto const bought = window.buy(index);
    if (bought.error == Error::limit_reached) return false;
    must(bought, "a page");
    births[index] = round_number;
    auto& page = page_at(index);
    for (std::size_t word = 0; word < 512; ++word) {
        if (page.words[word] != 0) failed("new page ", index, " is not zero at word ", word);
        page.words[word] = pattern(index, word);
    }
    return true;
}

void grow() {
    for (std::size_t i = 0; i < grower::pages_of_leaf; ++i, ++count)
        if (!buy(count)) {
            shrinking = true;
            return;
        }
}

void shrink() {
    for (std::size_t i = 0; i < grower::pages_of_leaf && count != 0; ++i)
        must(window.sell(--count), "giving back");
    must(window.sell_leaves_above(count), "giving nodes back");
    shrinking = count != 0;
    if (shrinking) return;
    if (auto const wrong = grower::try_goods(bank_sells_processes); !wrong.empty()) failed(wrong);
}

// One page in the middle goes back and another takes its place: the bank hands out a frame that was used.
void replace_one() {
    auto const index = round_number * 7 % count;
    must(window.sell(index), "giving back");
    if (window.sell_again() != Error::no_such_object) failed("the bank took page ", index, " twice");
    if (!buy(index)) failed("page ", index, " is refused within the limit");
}

void verify() {
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t word = 0; word < 512; ++word)
            if (page_at(i).words[word] != pattern(i, word))
                failed("page ", i, " holds ", page_at(i).words[word], " at word ", word);
}

// The bank's books of this account are ours.
void check_books() {
    auto const books = grower::bank.status();
    if (books.failed()) failed("status: ", abi::describe(books.error).name);
    auto const live = count + window.nodes();
    if (books->live != live || books->created != books->live + books->freed)
        failed(books->created, " created, ", books->live, " live of ", live, ", ", books->freed, " freed");
}

void run_round() {
    if (shrinking) shrink();
    else grow();
    if (count != 0) replace_one();
    verify();
    check_books();
    apps::say("grower: ", count, " pages, round ", round_number, ", ok");
    ++round_number;
}

} // namespace

// The argument: 1 where the bank has a heap for processes, 0 where it has none.
extern "C" int main(std::uint64_t argument) {
    bank_sells_processes = argument != 0;
    must(window.open(), "a root of its own");
    for (;;) run_round();
}
