# SPDX-License-Identifier: Apache-2.0
# The persistent clock.
@0xf080878a4a9f2968;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;

interface Clock @0xe0d7a23206f102fc $interfaceNumber(12) $kernel {
  # One monotonic clock in nanoseconds; it stops while the machine is off (R20).

  now @0 () -> (nanoseconds :UInt64);
  # The time of the persistent clock.

  sleepUntil @1 (nanoseconds :UInt64) -> ();
  # Waits until the clock reaches this time; a time that has passed returns at once. Survives a restart.

  sleepFor @2 (nanoseconds :UInt64) -> ();
  # Waits for this long; turned into an absolute time before it waits, so a restart does not lengthen it.

  wall @3 () -> (nanoseconds :UInt64);
  # Wall time in nanoseconds since 1970; 0 = unknown. It may jump.
}
