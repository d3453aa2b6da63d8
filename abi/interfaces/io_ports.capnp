# SPDX-License-Identifier: Apache-2.0
# I/O ports.
@0xa0848ad8875b0b21;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface IoPorts @0xd2751c9cd429fc52 $interfaceNumber(16) $kernel {
  # A range of I/O ports. Capabilities of an earlier boot are void (R2).

  narrow @0 (first :UInt16, count :UInt16) -> (ports :AnyPointer)
    $errors([
      "bad_argument: the range lies outside the capability's"
    ]);
  # A capability to a part of the range.

  read @1 (port :UInt16, width :UInt8) -> (value :UInt32)
    $errors([
      "bad_argument: port or width (1, 2, 4) lies outside the range"
    ]);
  # Reads a port.

  write @2 (port :UInt16, width :UInt8, value :UInt32) -> ()
    $errors([
      "bad_argument: port or width (1, 2, 4) lies outside the range"
    ]);
  # Writes a port.
}
