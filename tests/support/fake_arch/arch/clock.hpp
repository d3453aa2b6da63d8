// SPDX-License-Identifier: Apache-2.0
// Hosted stand-in for kernel/arch/clock.hpp: time is what the test says.
#pragma once

#include <cstdint>

namespace kernel::arch {

std::uint64_t& fake_now_ns();

inline std::uint64_t now_ns() { return fake_now_ns(); }
inline std::uint64_t timestamp_per_ms() { return 1'000'000; }
// Seconds since 1970; what the test says.
std::uint64_t& fake_wall_seconds();
inline std::uint64_t read_wall_clock() { return fake_wall_seconds(); }

} // namespace kernel::arch
