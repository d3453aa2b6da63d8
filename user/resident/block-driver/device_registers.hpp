// SPDX-License-Identifier: Apache-2.0
// The registers of a virtio PCI device (virtio 1.1, 4.1.4), mapped into our address space.
#pragma once

#include "pci.hpp"

#define VIRTIO_CONFIG_NO_LEGACY
#define VIRTIO_PCI_NO_LEGACY
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include <runtime/client/device_memory.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace block_driver {

// Maps the memory BARs of one function as they are needed, each at an address of its own.
class BarWindows {
public:
    // `memories`: the firmware puts a BAR into one of them. `scratch`: a free slot for the capability to a
    // piece. `space`: our address space.
    BarWindows(PciFunction function, std::array<runtime::DeviceMemory, 2> memories, runtime::Slot space,
               runtime::Slot scratch)
        : function_(function), memories_(memories), space_(space), scratch_(scratch) {}

    // Says that the place will be used; all places must be announced before the first is looked up.
    Result<> announce(BarPlace place);
    Result<> map_all();
    // The address of an announced place in our address space.
    std::uint64_t address(BarPlace place) const;

private:
    static constexpr std::size_t bars = 6;

    // Puts the capability to these bytes of device memory into scratch_.
    Result<> narrow(std::uint64_t physical, std::uint64_t bytes) const;

    PciFunction function_;
    std::array<runtime::DeviceMemory, 2> memories_;
    runtime::Slot space_;
    runtime::Slot scratch_;
    std::array<std::uint64_t, bars> bytes_{}; // of each BAR that announced places reach
};

// Where the parts that a virtio driver needs are.
struct RegisterPlaces {
    BarPlace common;
    BarPlace notify;
    BarPlace interrupt_status;
    BarPlace device;
    std::uint32_t notify_multiplier = 0;
};

// From the vendor capabilities. device_failed: one of them is missing or too short for its structure.
Result<RegisterPlaces> find_registers(PciFunction const& function);

} // namespace block_driver
