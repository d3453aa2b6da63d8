// SPDX-License-Identifier: Apache-2.0
// A page fault: walk, grant, install, remember. And the space a process runs in.
#pragma once

#include <mapping/patt_walk.hpp>
#include <mapping/write_grant.hpp>

namespace kernel {

struct MapOutcome {
    Error error = Error::none;                   // none: mapped, or spurious: retry the instruction
    abi::FaultCode fault = abi::FaultCode::none; // set when the error is the process's own
    SlotLocation keeper;                         // innermost keeper of the path, if any
};

// error: none | absent (core(kernel).absent) | no_memory | invalid_address, access_violation, wrong_type,
// malformed_space, void_capability (no address space), each with its fault code.
MapOutcome map_fault(Kernel& kernel, ProcessRef process, UserAddress address, Access access);

// Loads the process's space; the answer is its top-level table. absent | no_memory | void_capability: the
// process has no valid address space.
Result<PhysicalAddress> load_space(Kernel& kernel, ProcessRef process);

// DeviceMemory.map: a window of physical memory in the space of a non-persistent root. bad_argument |
// no_memory.
struct DeviceWindowRequest {
    UserAddress address;
    PhysicalAddress physical;
    std::uint64_t bytes;
    bool cached;
};
Result<> map_device(Kernel& kernel, Target root, DeviceWindowRequest request);

} // namespace kernel
