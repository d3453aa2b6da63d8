// SPDX-License-Identifier: Apache-2.0
// The send phase of an invocation through an entry: plan, then commit.
#pragma once

#include <ipc/delivery.hpp>

namespace kernel {

struct SendPlan {
    Delivery delivery;
    EndpointRef reply; // of a call
    bool call = false;
    bool kept = false; // the receiver is busy: the message stays in the endpoint
};

// void_capability | wrong_type | malformed_message | absent | no_memory | would_block (delivery.wait) |
// receiver_broken (delivery.receiver_fault) | bad_argument (no reply endpoint of single-use entries)
Result<> plan_send(Kernel& kernel, Caller const& caller, abi::ControlWord control, SlotLocation entry,
                   SendPlan& plan);

// Delivers, or leaves the message in the endpoint. Of a call, the caller then waits on its reply endpoint;
// R17: with the boot's number when the message went to a receiver that dies with the boot.
void commit_send(Kernel& kernel, Caller const& caller, SendPlan const& plan, Committed const& committed);

} // namespace kernel
