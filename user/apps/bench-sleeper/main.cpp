// SPDX-License-Identifier: Apache-2.0
// More of everything that stands still, for figures: reads its pages once, so that they are in memory and
// mapped, says so, and sleeps.
#include <apps/bench.hpp>
#include <runtime/program.hpp>

#include <bit>
#include <cstdint>

namespace {

constexpr std::uint64_t pages_address = 0x20'0000'0000;
constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t an_hour_ns = 3'600'000'000'000;

} // namespace

extern "C" int main(std::uint64_t pages) {
    for (std::uint64_t i = 0; i < pages; ++i)
        static_cast<void>(*std::bit_cast<std::uint64_t const volatile*>(pages_address + i * page_bytes));
    bench::report("sleeper ready ticks=", bench::timestamp());
    for (;;) static_cast<void>(bench::clock.sleep_for(an_hour_ns));
}
