// SPDX-License-Identifier: Apache-2.0
// Invocations: call, send, receive, reply and wait. Generated client stubs stand on call() and send_now().
// None of them retries: after Error::restarted the caller decides whether to ask again.
#pragma once

#include <runtime/message.hpp>

#include <abi/virtual_registers.hpp>

#include <cstdint>

namespace runtime {

// What a system call takes and gives, see abi/system_call.hpp. The offsets are known to system_call.S.
struct SystemCallRegisters {
    std::uint64_t number;                             // 0: rax; on return the transport's Error
    std::uint64_t control;                            // 8: rdi
    std::uint64_t target;                             // 16: rsi; on return the endpoint value
    std::uint64_t words[abi::message_register_words]; // 24: rdx r8 r9 r10 r12 r13 r14 r15
};
static_assert(sizeof(SystemCallRegisters) == 88);

// In system_call.S; hosted tests bring their own.
extern "C" void runtime_system_call(SystemCallRegisters* registers);
extern "C" abi::VirtualRegisters* const runtime_virtual_registers;

// Sends a request and waits for its reply, which replaces the message. The operation's own error is merged
// in: success means that word 0 of the reply was Error::none.
Result<> call(Slot target, Message& message);

// Sends without waiting for an answer: send() waits until the receiver takes it,
// send_now() fails with would_block.
Result<> send(Slot target, Message const& message);
Result<> send_now(Slot target, Message const& message);

// Waits for the next event or message on any endpoint of which this process is the receiver. The capabilities
// that come along go to the slots that message.accept_capability() named. receive_now:
// would_block when there is none.
Result<> receive(Message& message);
Result<> receive_now(Message& message);

// Sends a reply without ever waiting for its receiver, then receives. A reply that cannot be delivered is
// dropped: the caller is gone, and nobody is told.
Result<> reply_and_wait(Slot reply_entry, Message const& reply, Message& next);

Result<> copy_capability(Slot to, Slot from);
void yield();

} // namespace runtime
