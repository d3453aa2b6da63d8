// SPDX-License-Identifier: Apache-2.0
// Time since boot, from the time-stamp counter calibrated against the PIT; and the real-time clock.
#pragma once

#include <cstdint>

namespace kernel::arch {

// Measures the time-stamp counter. Interrupts off; takes 24 ms.
void start_clock();
// Nanoseconds since start_clock, monotonic.
std::uint64_t now_ns();
std::uint64_t timestamp_per_ms();
// Seconds since 1970 by the CMOS clock, 0 when it does not answer sensibly. Read once at boot.
std::uint64_t read_wall_clock();

} // namespace kernel::arch
