# SPDX-License-Identifier: Apache-2.0
# The migrator's side of fetch and restore.
@0x9d2b4f7252a5d423;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface ObjectSource @0xa1306743ca96fd78 $interfaceNumber(18) $kernel {
  # Held by the migrator alone: frames come from here.

  attach @0 (endpoint :AnyPointer, bits :UInt64) -> () $errors(["wrong_type: not an endpoint"]);
  # Where to post `bits` when frames are wanted.

  requests @1 ()
    -> (count :UInt8, frame0 :UInt64, frame1 :UInt64, frame2 :UInt64, frame3 :UInt64, frame4 :UInt64,
      frame5 :UInt64);
  # Takes up to six wanted frames; each must be answered by supply, absent or corrupt.

  supply @2 (frame :UInt64, type :UInt8, version :UInt32, address :UInt64) -> ()
    $errors([
      "corrupt: the content breaks a rule of its type; whoever waits is faulted",
      "no_memory: no frame can be freed now; try again",
      "in_use: the frame is already resident",
      "invalid_address: the address is not mapped"
    ]);
  # Hands over 4096 bytes at `address` of the caller's memory; the kernel copies, verifies structure (R15),
  # names and wakes.

  absent @3 (frame :UInt64, version :UInt32) -> ()
    $errors([
      "no_memory: no frame can be freed now; try again"
    ]);
  # The store has no content for the frame: it is free, zero, with this version mark.

  corrupt @4 (frame :UInt64) -> ();
  # The content cannot be had: whoever waits is faulted with content_lost.

  restore @5 (bootNumber :UInt32, clockBase :UInt64, processorFeatures :UInt64) -> (root :AnyPointer)
    $errors([
      "in_use: restored before",
      "not_supported: the processor lacks a feature the store needs"
    ]);
  # Sets the boot number, the persistent clock and names the well-known root capability page.

  makeLive @6 (count :UInt8, frame0 :UInt64, frame1 :UInt64, frame2 :UInt64, frame3 :UInt64, frame4
      :UInt64, frame5 :UInt64)
    -> ()
    $errors([
      "limit_reached: the live set is full"
    ]);
  # Adds processes to the live set; they run after resume.

  resume @7 (hold :Bool) -> ();
  # Persistent processes run from now on (hold: they stay listed and do not run).
}
