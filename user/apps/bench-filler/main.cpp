// SPDX-License-Identifier: Apache-2.0
// A large program that waits: fills its pages, then asks for a line. When the machine comes back after a cut,
// the call tells `restarted`, and the next instruction is the first that any persistent process runs.
#include <apps/bench.hpp>
#include <runtime/program.hpp>

#include <bit>

namespace {

constexpr std::uint64_t pages_address = 0x20'0000'0000;
constexpr std::uint64_t page_bytes = 4096;

} // namespace

extern "C" int main(std::uint64_t pages) {
    for (std::uint64_t i = 0; i < pages; ++i)
        *std::bit_cast<std::uint64_t volatile*>(pages_address + i * page_bytes) = i + 1;
    bench::report("filled ", pages);
    for (;;) {
        auto const line = apps::console.read_line();
        if (line.error != abi::Error::restarted) continue;
        auto const ticks = bench::timestamp();
        auto const counters = bench::system_control.counters();
        bench::report("resumed ticks=", ticks, " fetches=", counters->fetches,
                      " error=", static_cast<std::uint32_t>(counters.error));
    }
}
