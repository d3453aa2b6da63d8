// SPDX-License-Identifier: Apache-2.0
// The receive phase: opened once its operands are known, and gone on with whenever the process is dispatched.
#pragma once

#include <ipc/delivery.hpp>

namespace kernel {

struct ReceivePlan {
    bool open = false;
    abi::ObjectId endpoint; // of a closed wait
    std::size_t accepted = 0;
    std::array<std::uint64_t, abi::message_capabilities_max> slots{};
};

// The caller's register page read once. `reply`: the closed wait of a call is on this endpoint.
//   absent | void_capability | wrong_type | no_right | not_supported (the receiver is another process)
Result<> plan_receive(Kernel& kernel, Caller const& caller, abi::ControlWord control, ReceivePlan& plan);
Result<> plan_reply_wait(Kernel& kernel, Caller const& caller, abi::ControlWord control, EndpointRef reply,
                         ReceivePlan& plan);

// The process receives from now on.
void open_receive(Caller const& caller, abi::ControlWord control, ReceivePlan const& plan);

// What an open receive phase does next: pending events are delivered, else the oldest message that an
// endpoint keeps, else waiting senders try again. delivered: the phase is over (by a fault, if the process
// cannot take the message), and the process ready.
//   absent: the frame of an endpoint that may hold something
enum class ReceiveStep : std::uint8_t { delivered, waits };
Result<ReceiveStep> continue_receive(Kernel& kernel, ProcessRef process, LiveIndex live,
                                     Committed const& committed);

// A process that runs again after a stop or fault goes on with what it was at.
void go_on(abi::Process& process);

} // namespace kernel
