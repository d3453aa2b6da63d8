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
  # Names the receiver process; null = no receiver now, senders block. Blocked senders try again.

  setValue @1 (value :UInt64) -> () $errors(["no_right: no manage right"]);
  # Sets the value that the receiver gets with each message.

  makeEntry @2 (payload :UInt32) -> (entry :AnyPointer) $errors(["no_right: no manage right"]);
  # An entry: send only, with this payload told to the receiver at each message.

  setPayloadMatch @3 () -> () $errors(["no_right: no manage right"]);
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
  # Raises the endpoint's version: all capabilities to it become void, blocked senders are told.

  reduce @7 (rights :UInt8) -> (endpoint :AnyPointer)
    $errors(["bad_argument: a bit is not a permission of endpoints"]);
  # A capability to the same endpoint with only those of the named rights that this one has.
}
