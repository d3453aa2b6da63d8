// SPDX-License-Identifier: Apache-2.0
// Hosted stand-in for kernel/arch/interrupts.hpp: remembers which lines are unmasked.
#pragma once

#include <cstdint>

namespace kernel::arch {

inline constexpr std::uint8_t first_line_vector = 0x30;
inline constexpr std::uint32_t line_count = 24;
inline constexpr std::uint8_t first_message_vector = 0x50;
inline constexpr std::uint32_t message_count = 16;
inline constexpr std::uint8_t timer_vector = 0xf0;

struct MessageAddress {
    std::uint64_t address;
    std::uint32_t data;
};

std::uint32_t& fake_unmasked_lines();

inline void end_of_interrupt() {}
inline void mask_line(std::uint32_t line) { fake_unmasked_lines() &= ~(1u << line); }
inline void unmask_line(std::uint32_t line) { fake_unmasked_lines() |= 1u << line; }
inline MessageAddress message_address(std::uint32_t index) {
    return {0xfee0'0000, first_message_vector + index};
}

} // namespace kernel::arch
