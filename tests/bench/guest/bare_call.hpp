// SPDX-License-Identifier: Apache-2.0
// The shortest user side of an invocation: the registers of abi/system_call.hpp and one instruction.
#pragma once

#include <abi/message.hpp>
#include <abi/system_call.hpp>

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

// The same with words 0 to 2.
struct WideMessage {
    std::uint64_t control = 0;
    std::uint64_t slot = 0;
    std::uint64_t words[3] = {};
};

// The transport's error; what comes back replaces the message.
inline std::uint64_t invoke(WideMessage& message) {
    std::uint64_t result = 0;
    register std::uint64_t second asm("r8") = message.words[1];
    register std::uint64_t third asm("r9") = message.words[2];
    asm volatile("syscall"
                 : "+a"(result), "+D"(message.control), "+S"(message.slot), "+d"(message.words[0]),
                   "+r"(second), "+r"(third)
                 :
                 : "rcx", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
    message.words[1] = second;
    message.words[2] = third;
    return result;
}

// The system calls without a message. Yield takes no registers.
inline std::uint64_t bare_copy(std::uint64_t to, std::uint64_t from) {
    auto result = static_cast<std::uint64_t>(abi::SystemCall::copy_capability);
    asm volatile("syscall"
                 : "+a"(result), "+D"(to), "+S"(from)
                 :
                 : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
    return result;
}
inline void bare_yield() {
    auto result = static_cast<std::uint64_t>(abi::SystemCall::yield);
    asm volatile("syscall"
                 : "+a"(result)
                 :
                 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                   "memory");
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

// Waits for anything, with places for so many capabilities.
constexpr abi::ControlWord receive_control(std::uint64_t accepted) {
    using Control = abi::ControlWord;
    return Control().with<Control::Accepted>(accepted).with<Control::ReceivePhase>(1);
}

// Answers and waits for the next.
constexpr abi::ControlWord reply_control(std::uint64_t words, std::uint64_t accepted) {
    using Control = abi::ControlWord;
    return receive_control(accepted)
        .with<Control::Words>(words)
        .with<Control::SendPhase>(1)
        .with<Control::SendNonBlocking>(1);
}

} // namespace bench
