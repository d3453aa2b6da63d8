// SPDX-License-Identifier: Apache-2.0
// Power off and reset.
#include <arch/debug_exit.hpp>

#include <arch/io_ports.hpp>

namespace kernel::arch {

namespace {

constexpr std::uint16_t debug_exit_port = 0xf4;
constexpr std::uint16_t acpi_control_port = 0x604; // QEMU's q35
constexpr std::uint16_t acpi_soft_off = 0x2000;
constexpr std::uint16_t reset_port = 0xcf9;
constexpr std::uint8_t hard_reset = 0x06;

[[noreturn]] void halt() {
    for (;;) asm volatile("cli\n\thlt");
}

} // namespace

void power_off(std::uint8_t value) {
    write_port8(debug_exit_port, value);
    write_port16(acpi_control_port, acpi_soft_off);
    halt();
}

void reset_machine() {
    write_port8(reset_port, hard_reset);
    halt();
}

} // namespace kernel::arch
