# SPDX-License-Identifier: Apache-2.0
# Physical memory of devices, and the DMA arena.
@0xb998ed5829ea3a7b;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface DeviceMemory @0xdefd77a18c7d7431 $interfaceNumber(17) $kernel {
  # A range of physical addresses that holds no frame of the frame cache. Capabilities of
  # an earlier boot are void (R2).

  narrow @0 (offset :UInt64, bytes :UInt64) -> (memory :AnyPointer)
    $errors([
      "bad_argument: outside the capability's range, not whole pages, or above 1 GiB and not round enough"
    ]);
  # A capability to a part of the range.

  describe @1 () -> (physical :UInt64, bytes :UInt64);
  # Physical base address and length.

  map @2 (space :AnyPointer, address :UInt64) -> ()
    $errors([
      "wrong_type: not an address space of a non-persistent process",
      "bad_argument: the address is not page aligned or taken",
      "no_memory: no table is left"
    ]);
  # Maps the whole range read-write, no-execute, at `address` of a non-persistent address space (uncached
  # unless it is the DMA arena).
}
