// SPDX-License-Identifier: Apache-2.0
// The per-processor structure, reached through gs. Written by its own processor only;
// entry.S knows the first fields.
//   Invariant: process == nullptr (idle) <=> registers == &idle_registers; in user mode `registers` lies in
//   the running process's frame, which dispatch has prepared: unfrozen, dirty, pinned.
#pragma once

#include <arch/address.hpp>

#include <abi/frame.hpp>
#include <abi/objects/process.hpp>
#include <base/layout.hpp>

#include <cstddef>
#include <cstdint>

namespace kernel {

struct Processor {
    Processor* self = nullptr;            // 0
    std::uint64_t kernel_stack_top = 0;   // 8
    std::uint64_t user_stack_pointer = 0; // 16: scratch of entry.S
    abi::Registers* registers = nullptr;  // 24: where entry.S saves

    abi::Process* process = nullptr;     // 32: the running process's object; nullptr: none
    abi::FrameId process_frame;          // 40
    FrameIndex process_index = no_frame; // 48
    std::uint32_t index = 0;             // 52: of this processor
    PhysicalAddress space;               // 56: top-level table in use
    // The running process's vector state is in the registers; what stands in its frame is older.
    bool vector_loaded = false;
    bool reschedule = false;
    abi::Registers idle_registers{};

    // Counts since boot.
    std::uint64_t system_calls = 0;
    std::uint64_t interrupts = 0;
    std::uint64_t faults = 0;
    std::uint64_t vector_loads = 0;
};

STELE_AT(Processor, self, 0);
STELE_AT(Processor, kernel_stack_top, 8);
STELE_AT(Processor, user_stack_pointer, 16);
STELE_AT(Processor, registers, 24);
STELE_AT(Processor, process, 32);

Processor& this_processor();

// Makes `process` the running one: entry will save into it, its segment bases are loaded. The former one's
// vector state is written back first. The caller has prepared the frame.
struct RunningProcess {
    abi::Process* object;
    abi::FrameId frame;
    FrameIndex index;
};
void set_running(Processor& processor, RunningProcess next);
void set_idle(Processor& processor);
// Another process's or no process's turn although the running one's frame must not be
// written any more: it was destroyed.
void forget_running(Processor& processor);
// The vector state of the running process into its frame, which must be writable (R11). It is loaded again at
// need, so that nothing writes the frame later without dispatch.
void write_back_vector_state(Processor& processor);

} // namespace kernel
