// SPDX-License-Identifier: Apache-2.0
// Ends the machine: QEMU's isa-debug-exit leaves with (value << 1) | 1; without that device the processor
// halts.
#pragma once

#include <cstdint>

namespace kernel::arch {

enum class ExitValue : std::uint8_t { power_off = 0x10, failure = 0x11, panic = 0x12 };

[[noreturn]] void power_off(std::uint8_t value);
[[noreturn]] void reset_machine();

} // namespace kernel::arch
