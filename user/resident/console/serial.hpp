// SPDX-License-Identifier: Apache-2.0
// The 16550 on COM1: 115200 8N1, FIFOs on, an interrupt for what is received. Sending waits for the FIFO.
#pragma once

#include <runtime/client/io_ports.hpp>
#include <runtime/client/irq.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace console {

class Serial {
public:
    Serial(runtime::IoPorts ports, runtime::Irq irq) : ports_(ports), irq_(irq) {}

    // Sets up the device; its interrupts are posted to the endpoint as `bits`.
    runtime::Result<> start(runtime::Slot endpoint, std::uint64_t bits);

    void write(std::string_view text);
    // The oldest byte received; none = the FIFO is empty.
    std::optional<std::uint8_t> read();
    // Before the FIFO is emptied: a byte that comes in between raises the line again.
    void acknowledge() { static_cast<void>(irq_.acknowledge()); }

private:
    std::uint8_t in(std::uint16_t offset) const;
    void out(std::uint16_t offset, std::uint8_t value) const;
    void wait_for_room() const;

    runtime::IoPorts ports_;
    runtime::Irq irq_;
};

} // namespace console
