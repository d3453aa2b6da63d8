# SPDX-License-Identifier: Apache-2.0
# Heaps and frame ranges: where objects come from.
@0xe64e135413678d7a;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface Heap @0x80224c7ab987f7c1 $interfaceNumber(9) $kernel {
  # Turns untyped frames into frames of the heap's object type.

  admit @0 (page :AnyPointer) -> (frame :UInt64)
    $errors([
      "wrong_type: not a data page with full rights",
      "limit_reached: the heap is full",
      "bad_argument: persistence of page and heap differ",
      "retired: the frame has used up its versions"
    ]);
  # Takes the page's frame: every capability to the page becomes void, the frame is zeroed
  # and holds objects from now on.

  object @1 (frame :UInt64, index :UInt8) -> (capability :AnyPointer)
    $errors([
      "bad_argument: the frame is not this heap's type, or the index is too large"
    ]);
  # The capability to an object in an admitted frame, with all rights. An unused object comes into use.

  destroy @2 (capability :AnyPointer) -> () $errors(["wrong_type: not an object of the heap's type"]);
  # Destroys an object: its version rises, all capabilities to it become void.
}
