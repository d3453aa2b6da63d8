// SPDX-License-Identifier: Apache-2.0
// Finds and maps the register structures of a virtio PCI device.
#include "device_registers.hpp"

#include <abi/error.hpp>
#include <abi/frame.hpp>

#include <linux/pci_regs.h>

namespace block_driver {

namespace {

constexpr std::uint64_t window_base = 0x7f00'2000'0000;
constexpr std::uint64_t window_bytes = 1 << 20;

// A place counts only when its structure fits into it.
Result<> take(RegisterPlaces& places, PciFunction const& function, std::uint8_t at) {
    auto const type = TRY(function.read8(at + offsetof(virtio_pci_cap, cfg_type)));
    BarPlace place;
    place.bar = TRY(function.read8(at + offsetof(virtio_pci_cap, bar)));
    place.offset = TRY(function.read32(at + offsetof(virtio_pci_cap, offset)));
    place.length = TRY(function.read32(at + offsetof(virtio_pci_cap, length)));
    if (type == VIRTIO_PCI_CAP_COMMON_CFG && place.length >= sizeof(virtio_pci_common_cfg))
        places.common = place;
    if (type == VIRTIO_PCI_CAP_ISR_CFG && place.length >= 1) places.interrupt_status = place;
    if (type == VIRTIO_PCI_CAP_DEVICE_CFG && place.length >= offsetof(virtio_blk_config, physical_block_exp))
        places.device = place;
    if (type == VIRTIO_PCI_CAP_NOTIFY_CFG && place.length >= 2) {
        places.notify = place;
        places.notify_multiplier =
            TRY(function.read32(at + offsetof(virtio_pci_notify_cap, notify_off_multiplier)));
    }
    return {};
}

} // namespace

Result<RegisterPlaces> find_registers(PciFunction const& function) {
    RegisterPlaces places;
    for (std::uint8_t at = TRY(function.capability(PCI_CAP_ID_VNDR)); at != 0;
         at = TRY(function.capability(PCI_CAP_ID_VNDR, at))) {
        TRY(take(places, function, at));
    }
    for (auto const& place : {places.common, places.notify, places.interrupt_status, places.device})
        if (place.length == 0) return base::fail(abi::Error::device_failed);
    return places;
}

Result<> BarWindows::announce(BarPlace place) {
    std::uint64_t const end = std::uint64_t{place.offset} + place.length;
    if (place.bar >= bars || end > window_bytes) return base::fail(abi::Error::device_failed);
    if (end > bytes_[place.bar]) bytes_[place.bar] = end;
    return {};
}

Result<> BarWindows::narrow(std::uint64_t physical, std::uint64_t bytes) const {
    for (auto const& memory : memories_) {
        auto const range = TRY(memory.describe());
        if (physical >= range.physical && physical - range.physical < range.bytes)
            return memory.narrow(physical - range.physical, bytes, scratch_);
    }
    return base::fail(abi::Error::device_failed);
}

Result<> BarWindows::map_all() {
    for (unsigned bar = 0; bar < bars; ++bar) {
        if (bytes_[bar] == 0) continue;
        std::uint64_t const physical = TRY(function_.bar(bar));
        if (physical % abi::frame_size != 0) return base::fail(abi::Error::device_failed);
        std::uint64_t const pages = (bytes_[bar] + abi::frame_size - 1) / abi::frame_size;
        TRY(narrow(physical, pages * abi::frame_size));
        TRY(runtime::DeviceMemory{scratch_}.map(space_, window_base + bar * window_bytes));
    }
    return {};
}

std::uint64_t BarWindows::address(BarPlace place) const {
    return window_base + place.bar * window_bytes + place.offset;
}

} // namespace block_driver
