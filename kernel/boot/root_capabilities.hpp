// SPDX-License-Identifier: Apache-2.0
// Authority exists once: all of it goes to the supervisor, in the slots of abi/boot_slots.hpp.
#pragma once

#include <boot/description.hpp>
#include <boot/residents.hpp>

#include <core/boot_memory.hpp>

namespace kernel {

struct DeviceRanges {
    PhysicalRange dma_arena;
    DeviceSpace device_space;
};

void give_root_capabilities(ResidentObjects& objects, Residents const& residents, DeviceRanges ranges);

} // namespace kernel
