// SPDX-License-Identifier: Apache-2.0
// A page fault: walk, grant, install, remember. And the space a process runs in.
#pragma once

#include <arch/tlb.hpp>
#include <core/processor.hpp>
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

// Loads a space; `top` is its top-level table. What is loaded and what the processor has never part: the
// process may turn out not to run after all, and what is retired until another one does is flushed, and no
// table given up, by what `loaded` says.
inline void enter_space(Kernel& kernel, SpaceIndex space, PhysicalAddress top) {
    auto& state = mappings(kernel);
    state.spaces[space].last_used = ++state.clock;
    if (state.loaded == space && arch::loaded_space() == top) return;
    state.loaded = space;
    arch::load_space(top);
    this_processor().space = top;
}

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
