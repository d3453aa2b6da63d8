// SPDX-License-Identifier: Apache-2.0
// The stop as a program sees it: writes into its pages and reads the time-stamp counter after each write.
// Time that is missing was taken by something else. Reports the N longest gaps, N being the checkpoints taken
// meanwhile.
#include <apps/bench.hpp>
#include <runtime/program.hpp>

#include <algorithm>
#include <array>
#include <bit>

namespace {

constexpr std::uint64_t pages_address = 0x20'0000'0000;
constexpr std::uint64_t page_bytes = 4096;
constexpr std::size_t gaps_max = 4096;
constexpr std::uint64_t gap_ns_min = 5'000;

constinit std::array<std::uint64_t, gaps_max> gaps{};
constinit std::size_t gap_count = 0;

// Ticks of the time-stamp counter in a millisecond.
std::uint64_t measure_clock() {
    constexpr std::uint64_t pause_ns = 100'000'000;
    auto const time = bench::clock.now();
    auto const ticks = bench::timestamp();
    static_cast<void>(bench::clock.sleep_for(pause_ns));
    auto const end = bench::clock.now();
    auto const length = bench::timestamp() - ticks;
    if (time.failed() || end.failed() || end->nanoseconds == time->nanoseconds) return 1;
    return length * 1'000'000 / (end->nanoseconds - time->nanoseconds);
}

void run(std::uint64_t pages, std::uint64_t length, std::uint64_t gap_min) {
    auto const start = bench::timestamp();
    auto last = start;
    while (last - start < length)
        for (std::uint64_t i = 0; i < pages; ++i) {
            auto& word = *std::bit_cast<std::uint64_t volatile*>(pages_address + i * page_bytes);
            word = word + 1;
            auto const now = bench::timestamp();
            if (now - last > gap_min && gap_count < gaps_max) gaps[gap_count++] = now - last;
            last = now;
        }
}

} // namespace

// Argument: pages in the low 16 bits, above it the milliseconds to run.
extern "C" int main(std::uint64_t argument) {
    auto const pages = argument & 0xffff;
    auto const ticks_per_ms = measure_clock();
    bench::wait_for_harness("gap");
    run(pages, ticks_per_ms * 200, ~std::uint64_t{0}); // warm
    auto const before = bench::checkpoint.counters();
    run(pages, ticks_per_ms * (argument >> 16), ticks_per_ms * gap_ns_min / 1'000'000);
    auto const after = bench::checkpoint.counters();
    auto const takes = before.failed() || after.failed() ? 0 : after->takes - before->takes;

    std::sort(gaps.begin(), gaps.begin() + gap_count, [](auto a, auto b) { return a > b; });
    auto const stops = std::min<std::size_t>(gap_count, takes);
    if (stops == 0) bench::report("gap failed: ", takes, " checkpoints, ", gap_count, " gaps");
    else
        bench::report("gap ticks-per-ms=", ticks_per_ms, " takes=", takes, " gaps=", gap_count,
                      " median=", gaps[stops / 2], " most=", gaps[0], " stop=", after->stop_instructions);
    for (;;) bench::wait_for_harness("done");
}
