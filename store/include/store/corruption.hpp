// SPDX-License-Identifier: Apache-2.0
// What was wrong, where, what was expected and what was found. It travels beside an Error, never inside it.
#pragma once

#include <abi/error.hpp>
#include <abi/frame.hpp>

#include <cstdint>
#include <string_view>

namespace store {

enum class Finding : std::uint8_t {
    none,
    root_slot,        // a copy of a root slot is not valid
    record,           // a copy of an acknowledged commit record is not valid
    directory,        // a copy of a directory does not match its hash
    map_node,         // a copy of a map node does not match its hash, or its structure is wrong
    segment_table,    // a copy of the segment table does not match, or its counts are wrong
    frame_hash,       // a frame's block does not match its hash
    frame_entry,      // an entry has an unknown type, a reserved flag, a place outside the store
    device,           // the device failed to read it
    torn_commit,      // a note, not damage: the newest record was never acknowledged and misses a piece
    single_copy,      // damage healed by the other copy; reported with what it is of in `part`
    checkpoint_table, // a copy of the checkpoint table does not match, or its structure is wrong
};

inline constexpr std::array<std::string_view, 12> finding_names = {
    "none",       "root-slot",   "record", "directory",   "map-node",    "segment-table",
    "frame-hash", "frame-entry", "device", "torn-commit", "single-copy", "checkpoint-table",
};

struct Corruption {
    Finding finding = Finding::none;
    Finding part = Finding::none; // for single_copy: the kind of structure
    abi::FrameId frame;           // where a frame is concerned
    std::uint64_t offset = 0;     // byte on the disk
    std::uint64_t want = 0;       // hash expected (low half of a 128-bit one)
    std::uint64_t got = 0;        // hash found
    std::uint64_t generation = 0; // checkpoint concerned
    std::uint64_t last_good = 0;  // newest older checkpoint that has this frame whole; 0: none is known
    bool is_damage() const { return finding != Finding::torn_commit && finding != Finding::none; }
};

// Whoever wants to hear of corruption.
class CorruptionSink {
public:
    virtual void report(Corruption const& corruption) = 0;

protected:
    ~CorruptionSink() = default;
};

} // namespace store
