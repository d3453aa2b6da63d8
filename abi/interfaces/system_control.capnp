# SPDX-License-Identifier: Apache-2.0
# Power.
@0xe70f9ca45d23d1f3;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;

interface SystemControl @0x91e61c869354d0e3 $interfaceNumber(20) $kernel {
  # Turns the machine off.

  powerOff @0 (status :UInt8) -> ();
  # Leaves QEMU through isa-debug-exit with this value (0x10 = orderly); on a machine
  # without it, halts. Does not return.

  reset @1 () -> ();
  # Resets the machine. Does not return.

  counters @2 ()
    -> (entries :UInt64, interrupts :UInt64, faults :UInt64, framesFree :UInt64, framesClean :UInt64,
      framesDirty :UInt64, fetches :UInt64);
  # Counts of the kernel since boot.
}
