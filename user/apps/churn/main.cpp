// SPDX-License-Identifier: Apache-2.0
// Load for the power-cut campaign: each round writes its number into every page and verifies that the page
// held the round before. A restart that mixed two instants, or lost a page, is seen in the next round.
#include <apps/say.hpp>
#include <runtime/program.hpp>

#include <bit>
#include <cstdint>

namespace {

constexpr std::uint64_t pages_address = 0x20'0000'0000;
constexpr std::uint64_t rounds_per_line = 50;

struct Page {
    std::uint64_t round;
    std::uint64_t body[510];
    std::uint64_t check;
};
static_assert(sizeof(Page) == 4096);

constinit std::uint64_t round = 0;
constinit std::uint64_t failures = 0;

Page volatile& page_at(std::uint64_t index) {
    return *std::bit_cast<Page volatile*>(pages_address + index * sizeof(Page));
}

std::uint64_t check_word(std::uint64_t value, std::uint64_t index) {
    return value == 0 ? 0 : (value + index) * 0x9e3779b97f4a7c15;
}

bool holds(std::uint64_t index, std::uint64_t value) {
    auto const& page = page_at(index);
    return page.round == value && page.body[255] == check_word(value, index) &&
           page.check == check_word(value, ~index);
}

void write(std::uint64_t index, std::uint64_t value) {
    auto& page = page_at(index);
    page.round = value;
    page.body[255] = check_word(value, index);
    page.check = check_word(value, ~index);
}

} // namespace

// The number of pages is the process's argument in the description.
extern "C" int main(std::uint64_t pages) {
    for (;;) {
        for (std::uint64_t i = 0; i < pages; ++i) {
            if (!holds(i, round)) ++failures;
            write(i, round + 1);
        }
        ++round;
        if (failures != 0) apps::say("churn: self-check FAILED in round ", round, ", ", failures, " times");
        else if (round % rounds_per_line == 0) apps::say("churn: ", round, " rounds, ", pages, " pages, ok");
    }
}
