// SPDX-License-Identifier: Apache-2.0
// How a process begins: its registers at the entry of its program, and where its stack stands.
#pragma once

#include <abi/objects/process.hpp>

#include <cstring>

namespace tools {

// The stack ends one guard page below this address; the register page stands above it.
inline constexpr std::uint64_t stack_top = 0x7eff'ffff'0000;

inline void start_at(abi::Process& process, std::uint64_t entry, std::uint64_t argument,
                     std::uint64_t processor_features) {
    constexpr std::uint64_t initial_flags = 0x202; // interrupts on, and the bit that is always set
    constexpr std::uint16_t initial_x87_control = 0x37f;
    constexpr std::uint32_t initial_mxcsr = 0x1f80;
    process.registers = {};
    process.registers.rip = entry;
    process.registers.rsp = stack_top;
    process.registers.rdi = argument;
    process.registers.rsi = processor_features;
    process.registers.rflags = initial_flags;
    process.xsave = {};
    std::memcpy(process.xsave.data(), &initial_x87_control, sizeof initial_x87_control);
    std::memcpy(process.xsave.data() + 24, &initial_mxcsr, sizeof initial_mxcsr);
}

} // namespace tools
