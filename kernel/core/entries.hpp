// SPDX-License-Identifier: Apache-2.0
// The doors from entry.S into the kernel proper; defined in entry/. The registers of the running process
// already stand in its frame (Processor::registers). None returns: each ends in leave().
#pragma once

#include <cstdint>

namespace kernel {

enum class Vector : std::uint64_t {
    divide_error = 0,
    debug = 1,
    non_maskable = 2,
    break_point = 3,
    overflow = 4,
    bound = 5,
    bad_opcode = 6,
    no_vector_unit = 7,
    double_fault = 8,
    bad_task_segment = 10,
    segment_not_present = 11,
    stack_segment = 12,
    general_protection = 13,
    page_fault = 14,
    floating_point = 16,
    alignment = 17,
    machine_check = 18,
    vector_floating_point = 19,
};

// Bits of a page fault's error code.
inline constexpr std::uint64_t page_fault_present = 1;
inline constexpr std::uint64_t page_fault_write = 2;
inline constexpr std::uint64_t page_fault_user = 4;
inline constexpr std::uint64_t page_fault_reserved = 8;
inline constexpr std::uint64_t page_fault_fetch = 16;

extern "C" {
// rip stands behind the SYSCALL instruction; rcx == rip and r11 == rflags in the saved registers.
[[noreturn]] void entry_system_call();
// An exception of user mode. `address` is cr2, which says something for a page fault only. no_vector_unit
// arrives here only when the processor refused the process's vector state: bad_register_state.
[[noreturn]] void entry_fault(std::uint64_t vector, std::uint64_t error_code, std::uint64_t address);
// From user mode, or from idle (then Processor::process is nullptr). Vectors of arch/interrupts.hpp.
[[noreturn]] void entry_interrupt(std::uint64_t vector);
}

} // namespace kernel
