// SPDX-License-Identifier: Apache-2.0
// The shortest user side of an invocation: the registers of abi/system_call.hpp and one instruction.
#pragma once

#include <abi/message.hpp>

#include <cstdint>

namespace bench {

// Registers that the smallest messages use: the transport's error in result, then control, slot and word 0.
struct BareMessage {
    std::uint64_t result = 0;
    std::uint64_t control = 0;
    std::uint64_t slot = 0;
    std::uint64_t word = 0;
};

inline void invoke(BareMessage& message) {
    asm volatile("syscall"
                 : "+a"(message.result), "+D"(message.control), "+S"(message.slot), "+d"(message.word)
                 :
                 : "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
}

// A call with so many words, of which word 0 may matter.
constexpr abi::ControlWord call_control(std::uint64_t words) {
    using Control = abi::ControlWord;
    return Control()
        .with<Control::Words>(words)
        .with<Control::SendPhase>(1)
        .with<Control::ReceivePhase>(1)
        .with<Control::Call>(1);
}

} // namespace bench
