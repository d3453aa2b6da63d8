// SPDX-License-Identifier: Apache-2.0
// The stop as a program sees it: writes into its pages and reads the time-stamp counter after each write.
// Time that is missing was taken by something else. Reports the N longest gaps, N being
// the checkpoints taken meanwhile.
#include <apps/bench.hpp>
#include <runtime/program.hpp>

#include <algorithm>
#include <array>
#include <bit>

namespace {

constexpr std::uint64_t pages_address = 0x20'0000'0000;
constexpr std::uint64_t page_bytes = 4096;
constexpr std::size_t gaps_max = 4096;
constexpr std::uint64_t runs_max = 20;
constexpr std::uint64_t gap_ns_min = 5'000;
constexpr std::uint64_t warm_up_ms = 200;

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

// How often each page was written.
std::uint64_t run(std::uint64_t pages, std::uint64_t length, std::uint64_t gap_min) {
    auto const start = bench::timestamp();
    auto last = start;
    std::uint64_t rounds = 0;
    for (; last - start < length; ++rounds)
        for (std::uint64_t i = 0; i < pages; ++i) {
            auto& word = *std::bit_cast<std::uint64_t volatile*>(pages_address + i * page_bytes);
            word = word + 1;
            auto const now = bench::timestamp();
            if (now - last > gap_min && gap_count < gaps_max) gaps[gap_count++] = now - last;
            last = now;
        }
    return rounds;
}

} // namespace

// Argument: pages in the low 16 bits, above it the milliseconds to run; bit 48: until a checkpoint was taken.
extern "C" int main(std::uint64_t argument) {
    auto const pages = argument & 0xffff;
    auto const run_ms = argument >> 16 & 0xffff'ffff;
    bool const needs_checkpoint = (argument >> 48 & 1) != 0;
    auto const ticks_per_ms = measure_clock();
    bench::wait_for_harness("gap");
    static_cast<void>(run(pages, ticks_per_ms * warm_up_ms, ~std::uint64_t{0}));
    auto const before = bench::checkpoint.counters();
    auto const newest_before = bench::checkpoint.status();
    std::uint64_t rounds = 0, runs = 0;
    auto newest = newest_before;
    auto after = before;
    // A host that is busy may hold one write for longer than a run.
    do {
        rounds += run(pages, ticks_per_ms * run_ms, ticks_per_ms * gap_ns_min / 1'000'000);
        newest = bench::checkpoint.status();
        after = bench::checkpoint.counters();
        ++runs;
    } while (needs_checkpoint && !after.failed() && after->takes == before->takes && runs < runs_max);
    if (before.failed() || after.failed() || newest_before.failed() || newest.failed())
        bench::report("gap failed: the checkpoint counters were refused");

    std::sort(gaps.begin(), gaps.begin() + gap_count, [](auto a, auto b) { return a > b; });
    auto const takes = after->takes - before->takes;
    auto const stops = std::min<std::uint64_t>(gap_count, takes);
    bench::report("gap ticks-per-ms=", ticks_per_ms, " rounds=", rounds / runs, " takes=", takes,
                  " commits=", newest->generation - newest_before->generation, " gaps=", gap_count,
                  " median=", stops == 0 ? 0 : gaps[stops / 2], " p99=", stops == 0 ? 0 : gaps[stops / 100]);
    for (;;) bench::wait_for_harness("done");
}
