// SPDX-License-Identifier: Apache-2.0
// Interrupt vectors and where they come from: local APIC timer, I/O APIC lines, message-signalled interrupts.
#pragma once

#include <cstdint>

namespace kernel::arch {

inline constexpr std::uint8_t first_line_vector = 0x30;
inline constexpr std::uint32_t line_count = 24;
inline constexpr std::uint8_t first_message_vector = 0x50;
inline constexpr std::uint32_t message_count = 16;
inline constexpr std::uint8_t timer_vector = 0xf0;
inline constexpr std::uint8_t spurious_vector = 0xff;

struct MessageAddress {
    std::uint64_t address;
    std::uint32_t data;
};

// Local APIC on, 8259 off, all I/O APIC lines masked.
void start_interrupts();
// The timer interrupts every millisecond.
void start_timer();
// A delivered interrupt is over as far as the local APIC is concerned. Call once for each entry_interrupt.
void end_of_interrupt();
// Lines 0..15 are ISA (edge), 16..23 PCI (level, active low). Masked lines stay pending at the device.
void mask_line(std::uint32_t line);
void unmask_line(std::uint32_t line);
// What a device has to write for interrupt first_message_vector + index.
MessageAddress message_address(std::uint32_t index);

} // namespace kernel::arch
