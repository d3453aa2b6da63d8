// SPDX-License-Identifier: Apache-2.0
// PCI local bus 3.0: configuration mechanism 1 (3.2.2.3.2), header (6.1), capabilities (6.7).
#include "pci.hpp"

#include <abi/error.hpp>

#include <linux/pci_regs.h>

namespace block_driver {

namespace {

constexpr std::uint16_t address_port = 0xcf8;
constexpr std::uint16_t data_port = 0xcfc;
constexpr std::uint32_t enable_bit = 0x8000'0000;
constexpr unsigned capabilities_max = 48; // what fits into 192 bytes: a list that is longer is a ring

} // namespace

Result<std::uint32_t> PciFunction::read32(unsigned offset) const {
    TRY(ports_.write(address_port, 4, enable_bit | address_.raw | (offset & 0xfcu)));
    return TRY(ports_.read(data_port, 4)).value;
}

Result<std::uint16_t> PciFunction::read16(unsigned offset) const {
    return static_cast<std::uint16_t>(TRY(read32(offset)) >> (8 * (offset & 2u)));
}

Result<std::uint8_t> PciFunction::read8(unsigned offset) const {
    return static_cast<std::uint8_t>(TRY(read32(offset)) >> (8 * (offset & 3u)));
}

Result<> PciFunction::write32(unsigned offset, std::uint32_t value) const {
    TRY(ports_.write(address_port, 4, enable_bit | address_.raw | (offset & 0xfcu)));
    TRY(ports_.write(data_port, 4, value));
    return {};
}

Result<> PciFunction::enable() const {
    // The upper half is the status register, whose bits are cleared by writing ones: write zeros there.
    std::uint32_t const command = TRY(read16(PCI_COMMAND));
    return write32(PCI_COMMAND, command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

Result<std::uint8_t> PciFunction::capability(std::uint8_t identifier, std::uint8_t after) const {
    if ((TRY(read16(PCI_STATUS)) & PCI_STATUS_CAP_LIST) == 0) return std::uint8_t{0};
    unsigned at = after == 0 ? PCI_CAPABILITY_LIST : after + 1u;
    for (unsigned steps = 0; steps < capabilities_max; ++steps) {
        at = TRY(read8(at)) & 0xfcu;
        if (at == 0) break;
        if (TRY(read8(at)) == identifier) return static_cast<std::uint8_t>(at);
        ++at; // the byte behind the identifier names the next capability
    }
    return std::uint8_t{0};
}

Result<std::uint64_t> PciFunction::bar(unsigned index) const {
    if (index > 5) return base::fail(abi::Error::device_failed);
    unsigned const at = PCI_BASE_ADDRESS_0 + 4 * index;
    std::uint32_t const low = TRY(read32(at));
    if ((low & PCI_BASE_ADDRESS_SPACE) == PCI_BASE_ADDRESS_SPACE_IO)
        return base::fail(abi::Error::device_failed);
    std::uint64_t address = low & 0xffff'fff0u;
    if ((low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64 && index < 5)
        address |= std::uint64_t{TRY(read32(at + 4))} << 32;
    if (address == 0) return base::fail(abi::Error::device_failed);
    return address;
}

Result<PciAddress> find_function(runtime::IoPorts ports, std::uint16_t vendor, std::uint16_t device) {
    unsigned last_bus = 0; // bridges are numbered by the firmware before the buses behind them
    for (unsigned bus = 0; bus <= last_bus; ++bus) {
        for (unsigned number = 0; number < 32; ++number) {
            unsigned functions = 1;
            for (unsigned index = 0; index < functions; ++index) {
                auto const address = PciAddress::of(bus, number, index);
                PciFunction const function(ports, address);
                std::uint32_t const identity = TRY(function.read32(PCI_VENDOR_ID));
                if ((identity & 0xffff) == 0xffff) continue;
                if (identity == (std::uint32_t{device} << 16 | vendor)) return address;
                std::uint8_t const header = TRY(function.read8(PCI_HEADER_TYPE));
                if (index == 0 && (header & 0x80) != 0) functions = 8;
                if ((header & 0x7f) != PCI_HEADER_TYPE_BRIDGE) continue;
                unsigned const behind = TRY(function.read8(PCI_SECONDARY_BUS));
                if (behind > last_bus) last_bus = behind;
            }
        }
    }
    return base::fail(abi::Error::device_failed);
}

} // namespace block_driver
