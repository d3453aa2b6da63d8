// SPDX-License-Identifier: Apache-2.0
// Local APIC and I/O APIC through their windows (Intel SDM 3A, chapter 10; 82093AA datasheet).
#include <arch/interrupts.hpp>

#include <arch/clock.hpp>
#include <arch/io_ports.hpp>
#include <arch/kernel_space.hpp>
#include <arch/registers.hpp>

#include <base/contract.hpp>

#include <algorithm>

namespace kernel::arch {

namespace {

// Registers of the local APIC, by byte offset.
constexpr std::uint32_t apic_end_of_interrupt = 0x0b0;
constexpr std::uint32_t apic_spurious = 0x0f0;
constexpr std::uint32_t apic_timer = 0x320;
constexpr std::uint32_t apic_timer_initial = 0x380;
constexpr std::uint32_t apic_timer_current = 0x390;
constexpr std::uint32_t apic_timer_divide = 0x3e0;

constexpr std::uint32_t apic_enable = 1 << 8;
constexpr std::uint32_t timer_masked = 1 << 16;
constexpr std::uint32_t timer_periodic = 1 << 17;
constexpr std::uint32_t divide_by_16 = 0x3;

// Redirection entries of the I/O APIC.
constexpr std::uint32_t redirection_base = 0x10;
constexpr std::uint32_t line_masked = 1 << 16;
constexpr std::uint32_t line_level = 1 << 15;
constexpr std::uint32_t first_pci_line = 16;

void write_apic(std::uint32_t offset, std::uint32_t value) {
    *reinterpret_cast<std::uint32_t volatile*>(local_apic_window + offset) = value;
}
std::uint32_t read_apic(std::uint32_t offset) {
    return *reinterpret_cast<std::uint32_t volatile*>(local_apic_window + offset);
}
void write_io_apic(std::uint32_t index, std::uint32_t value) {
    *reinterpret_cast<std::uint32_t volatile*>(io_apic_window) = index;
    *reinterpret_cast<std::uint32_t volatile*>(io_apic_window + 0x10) = value;
}

void write_line(std::uint32_t line, std::uint32_t mask) {
    expects(line < line_count);
    std::uint32_t const trigger = line >= first_pci_line ? line_level : 0;
    write_io_apic(redirection_base + 2 * line + 1, 0); // to local APIC 0
    write_io_apic(redirection_base + 2 * line, (first_line_vector + line) | trigger | mask);
}

// The 8259s are remapped away from the exceptions and masked, so that a stray pulse is harmless.
void silence_8259() {
    write_port8(0x20, 0x11);
    write_port8(0xa0, 0x11);
    write_port8(0x21, 0x20);
    write_port8(0xa1, 0x28);
    write_port8(0x21, 4);
    write_port8(0xa1, 2);
    write_port8(0x21, 1);
    write_port8(0xa1, 1);
    write_port8(0x21, 0xff);
    write_port8(0xa1, 0xff);
}

} // namespace

void start_interrupts() {
    silence_8259();
    write_apic(apic_spurious, apic_enable | spurious_vector);
    for (std::uint32_t line = 0; line < line_count; ++line) write_line(line, line_masked);
}

void start_timer() {
    constexpr std::uint64_t calibration_ms = 4;
    write_apic(apic_timer_divide, divide_by_16);
    write_apic(apic_timer, timer_masked);
    write_apic(apic_timer_initial, 0xffff'ffff);
    auto const start = timestamp();
    while (timestamp() - start < calibration_ms * timestamp_per_ms()) {}
    std::uint64_t const elapsed = 0xffff'ffff - read_apic(apic_timer_current);
    auto const per_ms = static_cast<std::uint32_t>(elapsed * timestamp_per_ms() / (timestamp() - start));
    write_apic(apic_timer, timer_periodic | timer_vector);
    write_apic(apic_timer_initial, std::max(per_ms, 1u));
}

void end_of_interrupt() { write_apic(apic_end_of_interrupt, 0); }
void mask_line(std::uint32_t line) { write_line(line, line_masked); }
void unmask_line(std::uint32_t line) { write_line(line, 0); }

MessageAddress message_address(std::uint32_t index) {
    expects(index < message_count);
    return {0xfee0'0000, first_message_vector + index};
}

} // namespace kernel::arch
