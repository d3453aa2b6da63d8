// SPDX-License-Identifier: Apache-2.0
// What the programs of ./run bench share: lines "bench: NAME key=value ...", a wait
// for the harness, sorted samples.
#pragma once

#include <apps/say.hpp>
#include <runtime/client/checkpoint.hpp>
#include <runtime/client/clock.hpp>
#include <runtime/client/system_control.hpp>

#include <algorithm>
#include <cstdint>
#include <span>

namespace bench {

enum class BenchSlot : std::uint64_t {
    checkpoint = 4,
    system_control = 5,
};

inline constexpr runtime::Clock clock{runtime::Slot(apps::AppSlot::clock)};
inline constexpr runtime::Checkpoint checkpoint{runtime::Slot(BenchSlot::checkpoint)};
inline constexpr runtime::SystemControl system_control{runtime::Slot(BenchSlot::system_control)};

inline std::uint64_t timestamp() { return __builtin_ia32_rdtsc(); }

template <class... Parts>
void report(Parts const&... parts) {
    apps::reply("bench: ", parts...);
}

// Says that it is ready and waits until the harness has looked at the machine from outside and typed a line.
inline void wait_for_harness(std::string_view name) {
    report(name, " ready");
    while (apps::console.read_line().failed()) {}
}

struct Spread {
    std::uint64_t median, p99, most;
};

// Of a span that is not empty; sorts it.
inline Spread spread_of(std::span<std::uint64_t> samples) {
    std::sort(samples.begin(), samples.end());
    return {samples[samples.size() / 2], samples[samples.size() * 99 / 100], samples.back()};
}

} // namespace bench
