// SPDX-License-Identifier: Apache-2.0
// What a cut would cost: how old the newest commit is, at each point of a fixed grid of time, while this
// program writes its pages and the machine takes checkpoints as often as it can. Where this program did not
// run it does not know when a commit came, and assumes the oldest that it can be: no age is too small.
#include <apps/bench.hpp>
#include <runtime/program.hpp>

#include <array>
#include <bit>

namespace {

constexpr std::uint64_t pages_address = 0x20'0000'0000;
constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t grid_ns = 100'000;
constexpr std::uint64_t warm_up_ns = 200'000'000;
constexpr std::size_t ages_max = 8192;

constinit std::array<std::uint64_t, ages_max> ages{};
constinit std::size_t age_count = 0;
constinit std::uint64_t failures = 0;

struct Moment {
    std::uint64_t time = 0;
    std::uint64_t generation = 0; // of the newest committed checkpoint
    std::uint64_t taken = 0;      // when its snapshot was taken
};

Moment look() {
    auto const status = bench::checkpoint.status();
    auto const now = bench::clock.now();
    if (status.failed() || now.failed()) ++failures;
    return {now->nanoseconds, status->generation, status->taken_at};
}

void write_pages(std::uint64_t pages) {
    for (std::uint64_t i = 0; i < pages; ++i) {
        auto& word = *std::bit_cast<std::uint64_t volatile*>(pages_address + i * page_bytes);
        word = word + 1;
    }
}

// Until `end`; the ages only if they are wanted.
void run(Moment& last, std::uint64_t pages, std::uint64_t end, bool wanted) {
    auto next = last.time + grid_ns;
    while (last.time < end) {
        write_pages(pages);
        auto const now = look();
        for (; next <= now.time; next += grid_ns)
            if (wanted && age_count < ages_max) ages[age_count++] = next - last.taken;
        last = now;
    }
}

} // namespace

// Argument: pages in the low 16 bits, above it the milliseconds to run.
extern "C" int main(std::uint64_t argument) {
    auto const pages = argument & 0xffff;
    auto const run_ns = (argument >> 16) * 1'000'000;
    bench::wait_for_harness("age");
    auto last = look();
    run(last, pages, last.time + warm_up_ns, false);
    auto const first = last;
    run(last, pages, first.time + run_ns, true);
    auto const commits = last.generation - first.generation;
    if (failures != 0 || age_count == 0)
        bench::report("age failed: ", failures, " calls were refused, ", age_count, " samples");
    auto const spread = bench::spread_of(std::span(ages).first(age_count == 0 ? 1 : age_count));
    bench::report("age median=", spread.median, " p99=", spread.p99, " most=", spread.most,
                  " commits=", commits, " samples=", age_count);
    for (;;) bench::wait_for_harness("done");
}
