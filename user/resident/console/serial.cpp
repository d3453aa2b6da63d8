// SPDX-License-Identifier: Apache-2.0
// Registers of the 16550 (National Semiconductor PC16550D data sheet, section 8).
#include "serial.hpp"

namespace console {

namespace {

constexpr std::uint16_t base_port = 0x3f8;

enum Register : std::uint16_t {
    data = 0,             // divisor low while divisor_latch is set
    interrupt_enable = 1, // divisor high
    fifo_control = 2,
    line_control = 3,
    modem_control = 4,
    line_status = 5,
};

constexpr std::uint8_t divisor_latch = 0x80;
constexpr std::uint8_t eight_bits_no_parity = 0x03;
constexpr std::uint8_t fifos_on = 0x01; // and interrupt at the first byte received
constexpr std::uint8_t receive_interrupt = 0x01;
constexpr std::uint8_t modem_lines = 0x0b; // DTR, RTS and OUT2, which lets the interrupt through
constexpr std::uint8_t data_ready = 0x01;
constexpr std::uint8_t transmitter_empty = 0x20;
constexpr std::size_t fifo_bytes = 16;
constexpr unsigned tries_between_yields = 64;
constexpr unsigned yields_max = 100'000; // then nobody reads the line and the text is lost

} // namespace

runtime::Result<> Serial::start(runtime::Slot endpoint, std::uint64_t bits) {
    out(interrupt_enable, 0);
    out(line_control, divisor_latch);
    out(data, 1);
    out(interrupt_enable, 0);
    out(line_control, eight_bits_no_parity);
    out(fifo_control, fifos_on);
    out(modem_control, modem_lines);
    TRY(irq_.bind(endpoint, bits));
    out(interrupt_enable, receive_interrupt);
    return irq_.acknowledge();
}

void Serial::write(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i % fifo_bytes == 0) wait_for_room();
        out(data, static_cast<std::uint8_t>(text[i]));
    }
}

std::optional<std::uint8_t> Serial::read() {
    if ((in(line_status)&data_ready) == 0) return {};
    return in(data);
}

void Serial::wait_for_room() const {
    for (unsigned yields = 0; yields < yields_max; ++yields) {
        for (unsigned i = 0; i < tries_between_yields; ++i)
            if ((in(line_status)&transmitter_empty) != 0) return;
        runtime::yield();
    }
}

std::uint8_t Serial::in(std::uint16_t offset) const {
    auto const result = ports_.read(static_cast<std::uint16_t>(base_port + offset), 1);
    return static_cast<std::uint8_t>(result.value.value);
}

void Serial::out(std::uint16_t offset, std::uint8_t value) const {
    static_cast<void>(ports_.write(static_cast<std::uint16_t>(base_port + offset), 1, value));
}

} // namespace console
