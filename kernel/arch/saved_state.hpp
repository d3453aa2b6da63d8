// SPDX-License-Identifier: Apache-2.0
// What entry.S saves and where: the assertions that keep offsets.h true, and the frame
// of an exception in the kernel.
#pragma once

#include <arch/direct_map.hpp>
#include <arch/offsets.h>
#include <arch/user_state.hpp>

#include <abi/objects/process.hpp>
#include <base/layout.hpp>

#include <cstdint>

namespace kernel::arch {

STELE_AT(abi::Registers, rax, REG_RAX);
STELE_AT(abi::Registers, rbx, REG_RBX);
STELE_AT(abi::Registers, rcx, REG_RCX);
STELE_AT(abi::Registers, rdx, REG_RDX);
STELE_AT(abi::Registers, rsi, REG_RSI);
STELE_AT(abi::Registers, rdi, REG_RDI);
STELE_AT(abi::Registers, rbp, REG_RBP);
STELE_AT(abi::Registers, rsp, REG_RSP);
STELE_AT(abi::Registers, r8, REG_R8);
STELE_AT(abi::Registers, r9, REG_R9);
STELE_AT(abi::Registers, r10, REG_R10);
STELE_AT(abi::Registers, r11, REG_R11);
STELE_AT(abi::Registers, r12, REG_R12);
STELE_AT(abi::Registers, r13, REG_R13);
STELE_AT(abi::Registers, r14, REG_R14);
STELE_AT(abi::Registers, r15, REG_R15);
STELE_AT(abi::Registers, rip, REG_RIP);
STELE_AT(abi::Registers, rflags, REG_RFLAGS);
static_assert(user_flags.raw() == USER_FLAGS);
static_assert(loadable_flags(0) == FORCED_FLAGS);
static_assert(direct_map_base == DIRECT_MAP_BASE);

// An exception that happened in the kernel: pushed by the processor and by
// entry.S, in this order of addresses.
struct KernelTrap {
    std::uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax, rbp; // 0
    std::uint64_t vector, error_code;                             // 80
    std::uint64_t rip, cs, rflags, rsp, ss;                       // 96
};

STELE_AT(KernelTrap, rbp, 72);
STELE_AT(KernelTrap, vector, 80);
STELE_AT(KernelTrap, rip, 96);
STELE_AT(KernelTrap, ss, 128);

} // namespace kernel::arch
