// SPDX-License-Identifier: Apache-2.0
// What recovery found: the checkpoint in force, and each thing that was not as it should be.
#pragma once

#include <abi/disk/commit_record.hpp>
#include <abi/disk/root_slot.hpp>
#include <checkpoint/generation.hpp>

#include <array>
#include <cstdint>

namespace checkpoint {

struct RecoveryReport {
    Generation generation;                  // newest whole checkpoint: the one in force
    std::uint32_t boot = 0;                 // this boot's number (R2); 0 when opened read-only
    std::uint32_t boots_without_commit = 0; // R33
    std::uint64_t features_missing = 0; // XCR0 bits that the store needs beyond those of the machine (R11)
    std::uint64_t time_ns = 0;          // of the checkpoint in force: wall clock of its commit
    std::uint64_t clock_base_ns = 0;    // persistent clock to go on from
    std::uint32_t processes = 0;
    bool torn = false; // a newer record stood there but missed a piece, was never acknowledged, is ignored
    Generation torn_generation;
    bool damaged = false; // an acknowledged piece is bad in all its copies, or a single copy is
    // the newest acknowledged checkpoint, or what may be one, is not readable: an older one is in force
    // (read-only, or asked for with `previous`)
    bool lost_acknowledged = false;
    bool verified_frames = false;     // the newest record's frames were read and verified (R26)
    bool trusted_flushed = false;     // ... were not: the record says they were flushed first
    bool trusted_slot = false;        // ... were not: a root slot acknowledges the record
    std::uint32_t records_walked = 0; // forward from the root slot
    std::uint32_t directories = 0;    // unmigrated, loaded
    std::uint32_t blocks_read = 0;    // 512-byte sectors read in all
    std::uint32_t copies_used = 0;    // metadata read from the second place because the first was bad
    // Which branches of recovery ran, for tests that count them.
    std::uint32_t slot_chosen = 0; // index
    std::uint32_t slots_valid = 0; // copies, of four
    std::uint32_t blocks_gone = 0; // versions that the map has yet, without a block
};

} // namespace checkpoint
