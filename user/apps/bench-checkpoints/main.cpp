// SPDX-License-Identifier: Apache-2.0
// Asks for checkpoints one after another, and reports what each stop took and how far the load came while the
// snapshot was being written. The machine takes no checkpoint of its own accord meanwhile (interval=0).
#include <apps/bench.hpp>
#include <runtime/program.hpp>

#include <array>
#include <bit>

namespace {

constexpr std::uint64_t progress_address = 0x10'0000'0000; // the first page of a spinner, read only
constexpr std::uint64_t warm_up = 12; // more than the harvests after which idle grants are withdrawn
constexpr std::uint64_t samples_max = 128;

using Counters = runtime::Checkpoint::CountersResult;

constinit std::array<std::uint64_t, samples_max> stops{};
constinit std::array<std::uint64_t, samples_max> commits{};
constinit std::array<std::uint64_t, samples_max> rounds{};
constinit std::uint64_t failures = 0;

std::uint64_t rounds_done() { return *std::bit_cast<std::uint64_t const volatile*>(progress_address); }

Counters counters() {
    auto const found = bench::checkpoint.counters();
    if (found.failed()) ++failures;
    return *found;
}

// One checkpoint; the ticks from the request to its commit.
std::uint64_t take_one() {
    auto const start = bench::timestamp();
    auto const status = bench::checkpoint.status();
    if (status.failed() || bench::checkpoint.request().failed()) ++failures;
    if (bench::checkpoint.wait_for(status->generation + 1).failed()) ++failures;
    return bench::timestamp() - start;
}

void report_spread(std::string_view name, std::span<std::uint64_t> samples) {
    auto const spread = bench::spread_of(samples);
    bench::report(name, " median=", spread.median, " p99=", spread.p99, " most=", spread.most);
}

} // namespace

// Argument: the number of checkpoints in the low 16 bits, above it the microseconds before each.
extern "C" int main(std::uint64_t argument) {
    auto const wanted = argument & 0xffff;
    auto const count = wanted < samples_max ? wanted : samples_max;
    auto const pause_ns = (argument >> 16) * 1000;
    for (std::uint64_t i = 0; i < warm_up; ++i) {
        static_cast<void>(bench::clock.sleep_for(pause_ns));
        static_cast<void>(take_one());
    }
    bench::wait_for_harness("checkpoints");
    auto const before = counters();
    for (std::uint64_t i = 0; i < count; ++i) {
        static_cast<void>(bench::clock.sleep_for(pause_ns));
        auto const rounds_before = rounds_done();
        commits[i] = take_one();
        rounds[i] = rounds_done() - rounds_before;
        stops[i] = counters().stop_instructions;
    }
    auto const after = counters();
    report_spread("stop-ticks", std::span(stops).first(count));
    report_spread("commit-ticks", std::span(commits).first(count));
    report_spread("rounds-in-flight", std::span(rounds).first(count));
    bench::report("checkpoints takes=", after.takes - before.takes, " frozen=", after.frozen - before.frozen,
                  " copied=", after.copied - before.copied, " harvested=", after.harvested - before.harvested,
                  " user-ns-in-flight=", after.user_nanoseconds_in_flight - before.user_nanoseconds_in_flight,
                  " failures=", failures);
    bench::wait_for_harness("done");
    for (;;) static_cast<void>(bench::clock.sleep_for(1'000'000'000'000));
}
