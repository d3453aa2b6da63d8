// SPDX-License-Identifier: Apache-2.0
// The checkpoint table: the retained checkpoints whose changes are in the object map (R30), and every pin.
// The record in force points to it (`CommitRecord::checkpoints`). It stands in two places, each one run of
// sectors, and its hash is with the pointer. History is one line: a checkpoint sees, of each frame, the
// newest birth not after it, and a rollback is a new checkpoint whose content is an older one's (R31).
//   Invariant: entries in rising order of generation; an entry of the record's `base` or above is a pin.
#pragma once

#include <abi/disk/place.hpp>

namespace abi::disk {

inline constexpr std::uint64_t checkpoint_table_magic = 0x31746e696f706b63; // "ckpoint1"
inline constexpr std::size_t pin_name_size = 32;                            // UTF-8, padded with zero bytes

enum class CheckpointFlag : std::uint32_t {
    pinned = 1,       // kept until it is unpinned by name
    housekeeping = 2, // as in its record
    rollback = 4,     // as in its record: it has the content of `restores`
};
inline constexpr std::uint32_t checkpoint_flags_known = 7;

struct CheckpointTableHeader {
    std::uint64_t magic = checkpoint_table_magic;
    Random128 store; // a table of another store
    std::uint32_t count = 0;
    std::uint32_t reserved0 = 0;
    // Blocks of the newest checkpoint that a pin has too, at most: what pins may come to cost when all of
    // them are written anew (R29).
    std::uint64_t shared_blocks = 0;
    std::array<std::uint64_t, 3> reserved{};
};
STELE_AT(CheckpointTableHeader, magic, 0);
STELE_AT(CheckpointTableHeader, store, 8);
STELE_AT(CheckpointTableHeader, count, 24);
STELE_AT(CheckpointTableHeader, reserved0, 28);
STELE_AT(CheckpointTableHeader, shared_blocks, 32);
STELE_AT(CheckpointTableHeader, reserved, 40);
static_assert(sizeof(CheckpointTableHeader) == 64 && base::WireType<CheckpointTableHeader>);

// What is kept of a checkpoint when its record and directory are gone.
struct CheckpointEntry {
    std::uint64_t generation = 0;
    Hash128 record_hash; // its identity
    std::uint64_t time_ns = 0;
    std::uint64_t stop_ns = 0;
    std::uint64_t clock_base_ns = 0; // persistent clock: what thinning by age goes by
    std::uint64_t bytes_written = 0;
    std::uint32_t frames = 0; // in its snapshot
    std::uint32_t processes = 0;
    std::uint32_t flags = 0;
    std::uint32_t abi_revision = 0;
    std::uint64_t restores = 0; // of a rollback
    std::array<char, pin_name_size> name{};
    std::uint64_t reserved = 0;
};
STELE_AT(CheckpointEntry, generation, 0);
STELE_AT(CheckpointEntry, record_hash, 8);
STELE_AT(CheckpointEntry, time_ns, 24);
STELE_AT(CheckpointEntry, stop_ns, 32);
STELE_AT(CheckpointEntry, clock_base_ns, 40);
STELE_AT(CheckpointEntry, bytes_written, 48);
STELE_AT(CheckpointEntry, frames, 56);
STELE_AT(CheckpointEntry, processes, 60);
STELE_AT(CheckpointEntry, flags, 64);
STELE_AT(CheckpointEntry, abi_revision, 68);
STELE_AT(CheckpointEntry, restores, 72);
STELE_AT(CheckpointEntry, name, 80);
STELE_AT(CheckpointEntry, reserved, 112);
static_assert(sizeof(CheckpointEntry) == 120 && base::WireType<CheckpointEntry>);

// So that the table fits the smallest segment, and all versions of a frame one leaf of the map.
inline constexpr std::size_t checkpoints_at_most = 120;
inline constexpr std::size_t pins_at_most = 24;
constexpr std::uint32_t checkpoint_table_sectors(std::size_t count) {
    return static_cast<std::uint32_t>(
        (sizeof(CheckpointTableHeader) + count * sizeof(CheckpointEntry) + sector_size - 1) / sector_size);
}
static_assert(checkpoint_table_sectors(checkpoints_at_most) <= 32);

} // namespace abi::disk
