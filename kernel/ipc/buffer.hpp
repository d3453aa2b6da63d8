// SPDX-License-Identifier: Apache-2.0
// The message buffer of an endpoint (F12): a message to a busy receiver stays in the endpoint and its sender
// goes on. One message; a process lists the endpoints that hold one for it, the oldest first, in its frame,
// so that its next receive finds it after a restart as well.
//   full <=> buffer_control, words, capabilities are those of a message.
//   full, and the receiver is not void => the receiver lists the endpoint (and perhaps others, which it drops
//   when it meets them).
//   A full buffer is older than every sender that waits for the receiver: a message goes into the buffer only
//   if nobody waits, and none is delivered past a full one. So a stream of messages starves no caller.
// Not in the buffer: calls (their sender waits anyway, and as a blocked sender it is live and told when the
// endpoint ends), messages of single-use entries (an old reply must not answer a later call), messages to no
// receiver (R18).
#pragma once

#include <ipc/delivery.hpp>

namespace kernel {

inline bool is_full(abi::Endpoint const& endpoint) { return endpoint.buffer_state == abi::BufferState::full; }

// The sender's side, of a delivery for which find_receiver() said would_block. True: put_message() may follow
// in this unit. absent: the frame of the buffer's page.
Result<bool> may_put(Kernel& kernel, Delivery& delivery);
void put_message(Kernel& kernel, Delivery const& delivery, abi::Registers const& sender,
                 Committed const& committed);

// The receiver's side: the oldest kept message that its wait accepts is delivered (or faults it, which leaves
// the message where it is), true. absent: the frame of an endpoint, of a page or of a place to receive into.
Result<bool> take_message(Kernel& kernel, ProcessRef process, LiveIndex live, Committed const& committed);

// The owner's side. The receiver is replaced: what the buffer holds is for the new one. absent |
// limit_reached, asked before.
Result<> may_hand_over(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver);
void hand_over(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver, Committed const& committed);
// What the buffer holds is gone. Its state stays on or off.
void empty_buffer(Kernel& kernel, EndpointRef endpoint, Committed const& committed);

} // namespace kernel
