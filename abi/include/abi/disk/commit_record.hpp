// SPDX-License-Identifier: Apache-2.0
// The commit record (R23): one sector that makes a checkpoint exist, written in two places. It validates
// itself, and with the hashes it reaches it validates its directory and frames, so all of them may be in
// flight under one flush.
#pragma once

#include <abi/disk/place.hpp>

namespace abi::disk {

inline constexpr std::uint64_t record_magic = 0x3064636552656c74; // "tleRecd0"
inline constexpr std::size_t directory_extents = 8;

enum class RecordFlag : std::uint64_t {
    flushed_first = 1, // data and directory were flushed before this record was submitted (R26)
    housekeeping = 2,  // written by the store itself to switch to a new map; changes no frame
    // has the content of the checkpoint `restores`; its changes are in the map: `base` is its own generation
    rollback = 4,
};
inline constexpr std::uint64_t record_flags_known = 7;

struct CommitRecord {
    std::uint64_t magic = record_magic;
    Hash128 hash;    // of bytes 24..511 (a torn record); it is the checkpoint's identity
    Random128 store; // a record of another store on a reused device
    Random128 nonce; // of the boot that wrote it: a record left by a boot that was stepped back over
    std::uint64_t generation = 0; // boot number [63:42], counter [41:0]; never used twice (R24)
    Hash128 parent_hash;          // a stale record at the right place; zero for the first checkpoint
    Twin self;                    // where this record and its copy stand: a misdirected write
    Twin parent;                  // where the parent's record stands
    Twin next;                    // where the successor's record will stand, one sector each
    std::uint64_t flags = 0;
    // The directory: the same bytes twice, each copy in up to eight runs.
    std::uint32_t directory_bytes = 0;
    std::uint32_t directory_entries = 0;
    Hash128 directory_hash; // a torn, lost or stale directory
    std::array<Extent, directory_extents> directory;
    std::array<Extent, directory_extents> directory_copy;
    // The object map this checkpoint stands on: the state at generation `base`, folded
    // from its ancestors' directories.
    std::uint64_t base = 0;
    TwinRef map;   // root node; none: the map is empty
    TwinRef table; // live sectors of each segment as the map refers to them
    // What people ask about a checkpoint.
    std::uint64_t time_ns = 0;       // wall clock of the commit, nanoseconds since 1970
    std::uint64_t stop_ns = 0;       // length of the snapshot's stop
    std::uint64_t clock_base_ns = 0; // persistent monotonic clock at the snapshot (R20)
    std::uint64_t bytes_written = 0; // by this commit, data and metadata
    std::uint32_t frames = 0;        // in the snapshot, zero and unchanged ones included
    std::uint32_t processes = 0;     // live processes in the whole checkpoint, as the kernel counts them
    std::uint32_t abi_revision = 0;  // R7: object layouts are disk format
    std::uint32_t reserved0 = 0;
    TwinRef checkpoints;         // checkpoint_table.hpp; none: the table is empty
    std::uint64_t map_nodes = 0; // nodes of the map and of `moves`
    std::uint64_t restores = 0;  // generation, of a rollback; else 0
    TwinRef moves;               // root node; none: every block stands where the map says
    // Of the checkpoints from the base on, those from this generation on can be gone back to, and those that
    // `checkpoints` names. Of what the others alone saw the blocks may be gone.
    std::uint64_t readable_from = 0;
};
STELE_AT(CommitRecord, magic, 0);
STELE_AT(CommitRecord, hash, 8);
STELE_AT(CommitRecord, store, 24);
STELE_AT(CommitRecord, nonce, 40);
STELE_AT(CommitRecord, generation, 56);
STELE_AT(CommitRecord, parent_hash, 64);
STELE_AT(CommitRecord, self, 80);
STELE_AT(CommitRecord, parent, 96);
STELE_AT(CommitRecord, next, 112);
STELE_AT(CommitRecord, flags, 128);
STELE_AT(CommitRecord, directory_bytes, 136);
STELE_AT(CommitRecord, directory_entries, 140);
STELE_AT(CommitRecord, directory_hash, 144);
STELE_AT(CommitRecord, directory, 160);
STELE_AT(CommitRecord, directory_copy, 224);
STELE_AT(CommitRecord, base, 288);
STELE_AT(CommitRecord, map, 296);
STELE_AT(CommitRecord, table, 320);
STELE_AT(CommitRecord, time_ns, 344);
STELE_AT(CommitRecord, stop_ns, 352);
STELE_AT(CommitRecord, clock_base_ns, 360);
STELE_AT(CommitRecord, bytes_written, 368);
STELE_AT(CommitRecord, frames, 376);
STELE_AT(CommitRecord, processes, 380);
STELE_AT(CommitRecord, abi_revision, 384);
STELE_AT(CommitRecord, reserved0, 388);
STELE_AT(CommitRecord, checkpoints, 392);
STELE_AT(CommitRecord, map_nodes, 416);
STELE_AT(CommitRecord, restores, 424);
STELE_AT(CommitRecord, moves, 432);
STELE_AT(CommitRecord, readable_from, 456);
inline constexpr std::size_t record_used = 464; // the rest of the sector is zero
static_assert(sizeof(CommitRecord) == record_used && record_used <= sector_size &&
              base::WireType<CommitRecord>);
inline constexpr std::size_t record_hash_from = 24;

} // namespace abi::disk
