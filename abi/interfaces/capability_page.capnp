# SPDX-License-Identifier: Apache-2.0
# Capability pages: 256 capabilities of a frame.
@0x85b3201400e03d2c;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface CapabilityPage @0xe5f93b9aac103525 $interfaceNumber(3) $kernel {
  # A page of capabilities. Fetching through a weak capability diminishes what is fetched.

  fetch @0 (slot :UInt64) -> (capability :AnyPointer)
    $errors([
      "bad_argument: slot is 256 or more",
      "no_right: the capability is opaque"
    ]);
  # A copy of the capability in a slot.

  store @1 (slot :UInt64, capability :AnyPointer) -> ()
    $errors([
      "bad_argument: slot is 256 or more",
      "no_right: the capability is read-only, weak or opaque"
    ]);
  # Replaces the capability in a slot.

  erase @2 () -> () $errors(["no_right: the capability is read-only, weak or opaque"]);
  # Sets all slots to null.

  reduce @3 (restrictions :UInt8) -> (page :AnyPointer)
    $errors([
      "bad_argument: a bit is not a restriction of capability pages"
    ]);
  # A capability to the same page with these restrictions added.
}
