// SPDX-License-Identifier: Apache-2.0
// 16550 at 0x3f8, 115200 baud, 8N1, polled.
#include <arch/serial.hpp>

#include <arch/io_ports.hpp>

#include <cstdint>

namespace kernel::arch {

namespace {

constexpr std::uint16_t data_port = 0x3f8;
constexpr std::uint16_t interrupt_enable_port = data_port + 1;
constexpr std::uint16_t fifo_port = data_port + 2;
constexpr std::uint16_t line_control_port = data_port + 3;
constexpr std::uint16_t modem_control_port = data_port + 4;
constexpr std::uint16_t line_status_port = data_port + 5;

constexpr std::uint8_t divisor_latch = 0x80;
constexpr std::uint8_t eight_bits = 0x03;
constexpr std::uint8_t transmitter_empty = 0x20;
constexpr unsigned wait_limit = 100'000; // a machine without the port must not hang

} // namespace

void start_serial() {
    write_port8(interrupt_enable_port, 0);
    write_port8(line_control_port, divisor_latch | eight_bits);
    write_port8(data_port, 1); // 115200 / 1
    write_port8(interrupt_enable_port, 0);
    write_port8(line_control_port, eight_bits);
    write_port8(fifo_port, 0x07);
    write_port8(modem_control_port, 0x03);
}

void write_serial(char c) {
    for (unsigned tries = 0; tries < wait_limit; ++tries)
        if ((read_port8(line_status_port) & transmitter_empty) != 0) break;
    write_port8(data_port, static_cast<std::uint8_t>(c));
}

} // namespace kernel::arch
