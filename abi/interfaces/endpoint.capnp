# SPDX-License-Identifier: Apache-2.0
# Endpoints.
@0xeb3861a1c6cce996;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface Endpoint @0x9f864c98918c40bf $interfaceNumber(7) $kernel {
  # The holder's side of an endpoint. These operations need the manage right; sending to an endpoint goes
  # through an entry.

  bind @0 (receiver :AnyPointer) -> ()
    $errors([
      "no_right: no manage right",
      "wrong_type: the receiver is not a process or null"
    ]);
  # Names the receiver process; null = no receiver now, senders block. Blocked senders try again; events and a
  # message in the buffer are for the new receiver.

  setValue @1 (value :UInt64) -> () $errors(["no_right: no manage right"]);
  # Sets the value that the receiver gets with each message.

  makeEntry @2 (payload :UInt32) -> (entry :AnyPointer) $errors(["no_right: no manage right"]);
  # An entry: send only, with this payload told to the receiver at each message.

  setPayloadMatch @3 () -> ()
    $errors(["no_right: no manage right", "in_use: the buffer is on"]);
  # From now on for ever only entries whose payload equals the reply count are valid: single-use replies.

  post @4 (bits :UInt64) -> () $errors(["no_right: no send right"]);
  # Posts event bits: OR-ed into the endpoint, delivered before any message. Never blocks.

  setAlarm @5 (time :UInt64, bits :UInt64) -> ()
    $errors([
      "no_right: no manage right",
      "not_supported: the endpoint is persistent",
      "limit_reached: all alarms are taken"
    ]);
  # Posts `bits` when the persistent clock reaches `time` (nanoseconds); 0 takes the alarm back. Non-
  # persistent endpoints only.

  revoke @6 () -> () $errors(["no_right: no manage right"]);
  # Raises the endpoint's version: all capabilities to it become void, blocked senders are told, and a message
  # in the buffer is gone.

  reduce @7 (rights :UInt8) -> (endpoint :AnyPointer)
    $errors(["bad_argument: a bit is not a permission of endpoints"]);
  # A capability to the same endpoint with only those of the named rights that this one has.

  setBuffer @8 (on :Bool, page :AnyPointer) -> ()
    $errors([
      "no_right: no receive right, or the page may not be written",
      "wrong_type: the page is neither a data page nor null",
      "in_use: a message is in the buffer",
      "not_supported: entries to the endpoint are for single use"
    ]);
  # Switches the message buffer on or off; it is off at first. On: a message that is sent to the receiver
  # while that one does not wait stays in the endpoint, and its sender goes on; the receiver's next receive
  # takes it, after events and before senders that wait. It holds one message, and takes it only while
  # nobody waits to send to the receiver. `page` holds the words from the ninth on: with null, longer
  # messages wait as they do without a buffer. A call always waits: its sender waits for the answer anyway,
  # and as a blocked sender it learns of the endpoint's end. Without a receiver senders block, too. A
  # message that is in the buffer when the endpoint ends is gone, and nobody is told.
}
