// SPDX-License-Identifier: Apache-2.0
// Slots of a process's capability space (F8): a capability page, or PATTs of
// capability pages, slot * 16 = address.
#pragma once

#include <mapping/patt_walk.hpp>

namespace kernel {

struct CapabilitySlot {
    SlotLocation location;
    abi::Rights rights; // of the path: read_only and weak forbid storing, weak diminishes what is read
};

// Finds a slot for reading (or storing, Access::capability_write).
//   absent | invalid_address | access_violation | wrong_type | malformed_space | void_capability
Result<CapabilitySlot> capability_walk(Kernel& kernel, ProcessRef process, std::uint64_t slot, Access access);

// What stands there, diminished if the path is weak.
abi::Capability fetch_capability(CapabilitySlot slot);

} // namespace kernel
