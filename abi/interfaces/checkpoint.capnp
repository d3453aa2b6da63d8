# SPDX-License-Identifier: Apache-2.0
# Taking checkpoints.
@0xd62c8ab896f119be;

using import "stele.capnp".interfaceNumber;
using import "stele.capnp".kernel;
using import "stele.capnp".errors;

interface Checkpoint @0xa273b3fb43bb3898 $interfaceNumber(19) $kernel {
  # request, status and wait are for everybody who holds it; the rest is the migrator's and needs the control
  # right bit in its payload.

  request @0 () -> ();
  # Asks for a checkpoint now. Does not wait.

  status @1 () -> (generation :UInt64, frames :UInt64, takenAt :UInt64, committedAt :UInt64, refused :UInt64);
  # The newest committed generation, its frames, and persistent-clock times; refused
  # counts audits failed in a row.

  attach @2 (endpoint :AnyPointer, bits :UInt64) -> ()
    $errors([
      "no_right: not the migrator's",
      "wrong_type: not an endpoint"
    ]);
  # Where to post `bits` when a checkpoint is requested or the epoch must end early.

  take @3 () -> (epoch :UInt64, frames :UInt64, clock :UInt64, stopNanoseconds :UInt64, processes :UInt32)
    $errors([
      "no_right: not the migrator's",
      "busy: a snapshot is being stabilised"
    ]);
  # The snapshot: stop, harvest, freeze, next epoch. Marking only. processes: size of the live set.

  drain @4 (address :UInt64, count :UInt8)
    -> (frames :UInt8, identity0 :UInt64, version0 :UInt64, identity1 :UInt64, version1 :UInt64, identity2
      :UInt64, version2 :UInt64, identity3 :UInt64, version3 :UInt64)
    $errors([
      "no_right: not the migrator's",
      "invalid_address: the buffer is not mapped writable",
      "audit_failed: a frame breaks a rule; the log names it",
      "bad_argument: count is 0 or above 4"
    ]);
  # Copies up to `count` images of the snapshot to address, 4096 bytes each, and thaws them. identity = frame
  # | type << 56; version = version mark | live << 32. 0 frames = drained.

  commit @5 (generation :UInt64) -> ()
    $errors([
      "no_right: not the migrator's",
      "busy: frames are left to drain"
    ]);
  # The snapshot is durable: releases its copies.

  abandon @6 () -> () $errors(["no_right: not the migrator's"]);
  # The snapshot will not be written: its frames join the next one.

  waitFor @7 (generation :UInt64) -> (generation :UInt64);
  # Waits until this generation or a later one is committed.

  counters @8 ()
    -> (takes :UInt64, stopInstructions :UInt64, frozen :UInt64, copied :UInt64, drainedFrames :UInt64,
      harvested :UInt64, userNanosecondsInFlight :UInt64);
  # Counts for the benchmarks, since boot.

  requester @9 () -> (checkpoint :AnyPointer);
  # The same capability without the control bit: request, status and waitFor only.
}
