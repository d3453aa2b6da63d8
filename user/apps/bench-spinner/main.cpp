// SPDX-License-Identifier: Apache-2.0
// Load for figures: raises a word of each of its pages, round after round, and lets its equals go on after
// each round, so that all pages of all of them are dirty in every snapshot. The word of the first page is the
// number of rounds.
#include <runtime/invoke.hpp>
#include <runtime/program.hpp>

#include <bit>
#include <cstdint>

namespace {

constexpr std::uint64_t pages_address = 0x20'0000'0000;
constexpr std::uint64_t page_bytes = 4096;

} // namespace

// The number of pages is the process's argument in the description.
extern "C" int main(std::uint64_t pages) {
    for (;;) {
        for (std::uint64_t i = 0; i < pages; ++i) {
            auto& word = *std::bit_cast<std::uint64_t volatile*>(pages_address + i * page_bytes);
            word = word + 1;
        }
        runtime::yield();
    }
}
