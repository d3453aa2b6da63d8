// SPDX-License-Identifier: Apache-2.0
// Words 0..7 of a message travel in machine registers: rdx r8 r9 r10 r12 r13 r14 r15.
#pragma once

#include <abi/message.hpp>
#include <abi/objects/process.hpp>
#include <base/contract.hpp>

#include <cstdint>

namespace kernel {

inline std::uint64_t& word_register(abi::Registers& registers, std::size_t index) {
    switch (index) {
    case 0: return registers.rdx;
    case 1: return registers.r8;
    case 2: return registers.r9;
    case 3: return registers.r10;
    case 4: return registers.r12;
    case 5: return registers.r13;
    case 6: return registers.r14;
    case 7: return registers.r15;
    }
    unreachable();
}

inline std::uint64_t word_register(abi::Registers const& registers, std::size_t index) {
    switch (index) {
    case 0: return registers.rdx;
    case 1: return registers.r8;
    case 2: return registers.r9;
    case 3: return registers.r10;
    case 4: return registers.r12;
    case 5: return registers.r13;
    case 6: return registers.r14;
    case 7: return registers.r15;
    }
    unreachable();
}

// The first `count` words; the receiver's other registers stay as they are.
inline void copy_word_registers(abi::Registers const& from, abi::Registers& to, std::size_t count) {
    switch (count < abi::message_register_words ? count : abi::message_register_words) {
    case 8: to.r15 = from.r15; [[fallthrough]];
    case 7: to.r14 = from.r14; [[fallthrough]];
    case 6: to.r13 = from.r13; [[fallthrough]];
    case 5: to.r12 = from.r12; [[fallthrough]];
    case 4: to.r10 = from.r10; [[fallthrough]];
    case 3: to.r9 = from.r9; [[fallthrough]];
    case 2: to.r8 = from.r8; [[fallthrough]];
    case 1: to.rdx = from.rdx; [[fallthrough]];
    case 0: break;
    }
}

} // namespace kernel
