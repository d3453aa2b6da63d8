// SPDX-License-Identifier: Apache-2.0
// Which register contents may be loaded into user mode, and the two ways there. The only code that does it.
#pragma once

#include <arch/address.hpp>
#include <arch/registers.hpp>

#include <abi/objects/process.hpp>

#include <cstdint>

namespace kernel::arch {

// Flags that a process may set; the others are forced: interrupts on, I/O
// privilege none, no virtual-8086 mode.
inline constexpr FlagSet user_flags = FlagSet(Flag::carry) | Flag::parity | Flag::adjust | Flag::zero |
                                      Flag::sign | Flag::trap | Flag::direction | Flag::overflow |
                                      Flag::alignment_check | Flag::identification;

constexpr std::uint64_t loadable_flags(std::uint64_t flags) {
    return (flags & user_flags.raw()) | (FlagSet(Flag::always_one) | Flag::interrupts).raw();
}

constexpr bool is_user_address(std::uint64_t address) { return address < user_address_end; }

// False: the state would fault in the return itself. Whoever returns reports
// bad_register_state of that process then.
constexpr bool can_return(abi::Registers const& registers) {
    return is_user_address(registers.rip) && is_user_address(registers.fs_base) &&
           is_user_address(registers.gs_base);
}

// Length of the SYSCALL instruction. Entry leaves rip behind it; an invocation
// that waits is moved back onto it.
inline constexpr std::uint64_t system_call_length = 2;

// Loads the segment bases; after this the process may be returned to. Needed when another process ran before.
void load_segments(abi::Registers const& registers);

// Leaves the kernel: SYSRET when rcx and r11 already say where to (as after a system call), else IRETQ.
// Requires can_return(registers). The kernel stack is forgotten.
extern "C" [[noreturn]] void return_to_user(abi::Registers const* registers);

// Waits for an interrupt with the stack reset; the interrupt enters through
// entry_interrupt as from user mode.
extern "C" [[noreturn]] void idle();

} // namespace kernel::arch
