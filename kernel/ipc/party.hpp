// SPDX-License-Identifier: Apache-2.0
// The two parties of an invocation as ipc sees them: the caller, whose object dispatch has opened for
// writing, and its register page.
#pragma once

#include <abi/error.hpp>
#include <object/capability_cast.hpp>
#include <sched/queues.hpp>

#include <abi/objects/process.hpp>
#include <abi/virtual_registers.hpp>

namespace kernel {

// The running process. Its object may be written directly (capabilities through store_capability only): no
// snapshot falls into a unit, and dispatch has asked epoch and preserve.
struct Caller {
    ProcessRef ref;
    abi::Process& object;
    LiveIndex live = no_process;

    abi::Registers& registers() const { return object.registers; }
};

inline SlotLocation process_slot(ProcessRef process, abi::ProcessSlot slot) {
    return object_slot(abi::FrameType::process, process.target(), static_cast<std::uint32_t>(slot));
}

inline abi::FrameId frame_id(Kernel const& kernel, FrameIndex frame) {
    return memory(kernel).frames[frame].id;
}

// The register page, writable (R36): absent | void_capability | wrong_type | no_right.
inline Result<PageRef> register_page(Kernel& kernel, ProcessRef process) {
    return page_cast(kernel, process_slot(process, abi::ProcessSlot::virtual_registers),
                     abi::CapabilityType::data_page, need_write);
}

inline abi::VirtualRegisters const& virtual_registers(PageRef page) {
    return object_view<abi::VirtualRegisters>(page.frame);
}

// Errors after which the unit is tried again from its start: a frame or memory is waited for.
constexpr bool is_retry(Error error) { return error == Error::absent || error == Error::no_memory; }

} // namespace kernel
