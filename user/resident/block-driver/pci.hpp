// SPDX-License-Identifier: Apache-2.0
// PCI configuration space through the ports 0xcf8 and 0xcfc: find a function, its capabilities, its memory.
#pragma once

#include <base/result.hpp>
#include <runtime/client/io_ports.hpp>

#include <cstdint>

namespace block_driver {

using base::Result;

// Bus, device and function as the address port wants them (bits 23..8).
struct PciAddress {
    std::uint32_t raw = 0;
    static constexpr PciAddress of(unsigned bus, unsigned device, unsigned function) {
        return {(bus << 16) | (device << 11) | (function << 8)};
    }
};

// A register of a function that stands in memory: which BAR, where in it.
struct BarPlace {
    std::uint8_t bar = 0;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
};

class PciFunction {
public:
    PciFunction(runtime::IoPorts ports, PciAddress address) : ports_(ports), address_(address) {}

    // The 4, 2 or 1 bytes at `offset` of the configuration space, which is naturally aligned.
    Result<std::uint32_t> read32(unsigned offset) const;
    Result<std::uint16_t> read16(unsigned offset) const;
    Result<std::uint8_t> read8(unsigned offset) const;
    Result<> write32(unsigned offset, std::uint32_t value) const;

    // Answers to memory accesses and may do DMA from here on.
    Result<> enable() const;
    // Offset of the first capability with this identifier behind the one at `after`
    // (0: from the start); 0 = none.
    Result<std::uint8_t> capability(std::uint8_t identifier, std::uint8_t after = 0) const;
    // Physical address in a memory BAR. device_failed: the BAR is an I/O BAR or
    // the firmware gave it no address.
    Result<std::uint64_t> bar(unsigned index) const;

private:
    runtime::IoPorts ports_;
    PciAddress address_;
};

// Where the first function with this vendor and device is. device_failed: there is none.
Result<PciAddress> find_function(runtime::IoPorts ports, std::uint16_t vendor, std::uint16_t device);

} // namespace block_driver
