// SPDX-License-Identifier: Apache-2.0
// Takes turns with its partner on one page that both may write, each at an address of its own. Under the
// sequence word the whole page is verified to be what the partner wrote last, then written anew; both also
// remember the turn in private memory, so page and processes must come back of one instant.
#include <apps/pace.hpp>
#include <runtime/invoke.hpp>
#include <runtime/program.hpp>

#include <atomic>
#include <bit>
#include <cstdint>

namespace {

constexpr unsigned yields_max = 4; // then the partner is not about to run
constexpr std::uint64_t pause_ns = 1'000'000;
constexpr std::size_t body_words = 511;

struct Page {
    std::uint64_t turn; // even: the first partner's, odd: the second's
    std::uint64_t body[body_words];
};
static_assert(sizeof(Page) == 4096);

constinit std::uint64_t turn_done = 0; // our own last one
constinit apps::Pace lines(50'000'000);

std::uint64_t body_word(std::uint64_t turn, std::size_t index) {
    return turn == 0 ? 0 : (turn * body_words + index) * 0x9e3779b97f4a7c15;
}

void verify(Page const volatile& page, std::uint64_t turn) {
    if (turn_done != 0 && turn != turn_done + 2)
        apps::self_check_failed("sharer", "turn ", turn, " after ", turn_done);
    for (std::size_t i = 0; i < body_words; ++i)
        if (page.body[i] != body_word(turn, i))
            apps::self_check_failed("sharer", "word ", i, " in turn ", turn, " is ", base::Hex{page.body[i]});
}

void write(Page volatile& page, std::uint64_t turn) {
    for (std::size_t i = 0; i < body_words; ++i) page.body[i] = body_word(turn, i);
}

} // namespace

// Argument: the address of the page, and in bit 0 whose turns are ours.
extern "C" int main(std::uint64_t argument) {
    auto const parity = argument & 1;
    auto& page = *std::bit_cast<Page*>(argument - parity);
    std::atomic_ref sequence(page.turn);
    unsigned yields = 0;
    for (;;) {
        auto const turn = sequence.load(std::memory_order_acquire);
        if (turn % 2 != parity) {
            if (++yields <= yields_max) runtime::yield();
            else static_cast<void>(apps::clock.sleep_for(pause_ns));
            continue;
        }
        yields = 0;
        verify(page, turn);
        write(page, turn + 1);
        turn_done = turn;
        if (parity == 0 && lines.due()) apps::say("sharer: ", turn, " turns, ok");
        sequence.store(turn + 1, std::memory_order_release);
    }
}
