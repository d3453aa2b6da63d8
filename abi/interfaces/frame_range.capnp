# SPDX-License-Identifier: Apache-2.0
# Frame ranges: untyped frames, handed out as pages.
@0xc7e634eb9561a0d1;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface FrameRange @0x87657c14e2f79553 $interfaceNumber(10) $kernel {
  # A range of frames: persistent, by frame number; or non-persistent, from free memory up to a limit (R38).

  claim @0 (index :UInt64) -> (page :AnyPointer)
    $errors([
      "bad_argument: index lies outside the range",
      "no_memory: no free memory",
      "limit_reached: the limit is used up",
      "in_use: the frame is typed"
    ]);
  # A full capability to the zeroed data page of a frame of the range. Non-persistent:
  # any free frame, index is ignored.

  rescind @1 (page :AnyPointer) -> ()
    $errors(["wrong_type: not a page of this range", "in_use: a result of this call goes into the page"]);
  # Frees the page's frame; all capabilities to it become void.

  claimCapabilityPage @2 (index :UInt64) -> (page :AnyPointer)
    $errors([
      "bad_argument: index lies outside the range",
      "no_memory: no free memory",
      "limit_reached: the limit is used up",
      "in_use: the frame is typed"
    ]);
  # The same for a capability page.

  makeHeap @3 (objectType :UInt8) -> (heap :AnyPointer)
    $errors([
      "bad_argument: not the type of a heap frame",
      "no_memory: no free memory",
      "limit_reached: the limit is used up"
    ]);
  # A non-persistent heap whose limit is what is left of the range's (non-persistent ranges only).
}
