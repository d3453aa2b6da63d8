# SPDX-License-Identifier: Apache-2.0
# Interrupt lines.
@0xa015174796fc5ce8;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface Irq @0x89aeb1e71293924c $interfaceNumber(15) $kernel {
  # A range of interrupt lines. Capabilities of an earlier boot are void (R2).

  narrow @0 (line :UInt32) -> (irq :AnyPointer) $errors(["bad_argument: the line lies outside the range"]);
  # A capability to one line.

  bind @1 (endpoint :AnyPointer, bits :UInt64) -> ()
    $errors([
      "wrong_type: not an endpoint",
      "bad_argument: the capability names more than one line",
      "in_use: the line is bound"
    ]);
  # Posts `bits` to the endpoint at each interrupt; the line is masked until acknowledge.

  acknowledge @2 () -> () $errors(["bad_argument: the capability names more than one line"]);
  # Unmasks the line.

  allocateMessage @3 (endpoint :AnyPointer, bits :UInt64) -> (address :UInt64, data :UInt32)
    $errors([
      "wrong_type: not an endpoint",
      "limit_reached: no free vector"
    ]);
  # A message-signalled interrupt: address and data for the device's MSI-X table;
  # posts `bits`, needs no acknowledge.
}
