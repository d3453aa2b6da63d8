# SPDX-License-Identifier: Apache-2.0
# The migrator, as the supervisor and the console see it (they stand above it, R19).
@0x9370a2670b4152c8;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".errors;

interface Migrator @0x83798bcfec433ae0 $interfaceNumber(65) {
  # Owns the store. What it has to tell upwards it posts as events
  # (abi/resident_events.hpp); whoever gets one asks here.

  restore @0 () -> (root :AnyPointer)
    $errors([
      "not_a_store: the device holds no store",
      "bad_superblock: no root slot is valid",
      "newer_format: the store is newer than this system",
      "wrong_revision: the store has another ABI revision",
      "not_supported: the processor lacks a feature the store needs",
      "io: the device failed",
      "device_failed: there is no usable device"
    ]);
  # Recovers the newest checkpoint, names its live processes to the kernel and answers with the well-known
  # root capability page. Once a boot.

  resume @1 () -> ();
  # Persistent processes run from now on, unless the machine is held; checkpoints begin.

  status @2 ()
    -> (bootNumber :UInt32, restoredGeneration :UInt64, processes :UInt64, held :Bool, tornNewer :Bool,
      lastError :UInt32, committedGeneration :UInt64, frames :UInt64, takenAt :UInt64, requestsServed
      :UInt64, bootsSinceCommit :UInt32, featuresMissing :UInt64);
  # What was restored and what was committed since. takenAt: persistent clock at the snapshot of
  # committedGeneration.
  # requestsServed rises by one with each commit that answers a request.
  # bootsSinceCommit: this boot's number less that of the boot which wrote the newest checkpoint; above three,
  # the machine is held (R33).
  # featuresMissing: after a refusal, XCR0 bits that the store needs of the processor (R11).

  counters @3 ()
    -> (commits :UInt64, flushes :UInt64, bytesWritten :UInt64, framesWritten :UInt64, fetches :UInt64,
      stopNanoseconds :UInt64, commitNanoseconds :UInt64, interrupts :UInt64, fetchesBeforeResume :UInt64,
      restoreNanoseconds :UInt64);
  # Counts for the benchmarks, since boot.
}
