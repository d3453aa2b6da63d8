// SPDX-License-Identifier: Apache-2.0
// Everything an open engine has, in one place: the parts, and what they share.
#pragma once

#include "commit.hpp"
#include "directories.hpp"
#include "fetches.hpp"
#include "migration.hpp"
#include "moves.hpp"
#include "retained.hpp"
#include "roots.hpp"

#include <checkpoint/engine.hpp>
#include <store/arena.hpp>
#include <store/io_queue.hpp>
#include <store/log_stream.hpp>
#include <store/node_cache.hpp>
#include <store/segments.hpp>
#include <store/sync_io.hpp>

#include <algorithm>

namespace checkpoint {

// Who submitted a request. The streams come first: their number is their index.
enum class Owner : std::uint8_t {
    log,
    mirror,
    moved,
    map,
    map_copy,
    record,
    flush,
    slot_read,
    slot_write,
    fetch,
    fold
};
inline constexpr std::size_t stream_count = 5;

struct EngineState {
    EngineState() : roots(*this), commit(*this), fetches(*this), migration(*this) {}
    EngineState(EngineState const&) = delete;
    EngineState& operator=(EngineState const&) = delete;

    // Constant after open.
    Limits limits;
    bool read_only = false;
    abi::disk::Random128 nonce;
    abi::disk::Random128 store;
    store::Geometry geometry;
    store::BlockDevice* device = nullptr;
    store::CorruptionSink* findings = nullptr;
    std::span<CommitRecord> chain; // recovery's, to follow records
    VersionGroup versions;         // of what waits for the device
    base::Bytes scratch;           // I/O memory for what waits for the device: recovery, visits, checks

    // What is in force.
    Directories directories;         // with the newest acknowledged checkpoint as their newest
    std::uint64_t base = 0;          // generation up to which the map has everything
    std::uint64_t readable_from = 0; // of the directories' checkpoints, beside those that are retained
    abi::disk::TwinRef map;
    abi::disk::TwinRef table;
    abi::disk::TwinRef checkpoints;
    abi::disk::TwinRef moves_root;
    Moves moves;                  // as `moves_root` has them
    Retained retained;            // as `checkpoints` has them
    abi::disk::Twin next;         // places of the next record
    bool next_needs_slot = false; // ... are named by no record (R25): the next commit waits for a root slot
    Generation last_used;         // highest generation ever given to a commit (R24)
    std::uint64_t map_switches = 0;
    std::uint64_t map_nodes = 0;
    Error stopped = Error::none; // foreign_boot or device_failed: nothing is written any more

    RecoveryReport report;
    Counters counters;

    // The parts.
    store::IoQueue io;
    store::Segments segments;
    store::NodeCache nodes;
    std::array<store::LogStream, stream_count> streams;
    Roots roots;
    Commit commit;
    Fetches fetches;
    Migration migration;

    // The one flush in flight, and for whom it counts.
    bool flushing = false;
    bool flush_for_commit = false;
    bool flush_for_roots = false;
    bool flush_for_migration = false;
    bool runnable = false;

    store::LogStream& stream(Owner owner) { return streams[static_cast<std::size_t>(owner)]; }
    bool streams_idle() const {
        return std::all_of(streams.begin(), streams.end(), [](auto const& stream) { return stream.idle(); });
    }
    // It can be gone back to, if it was ever made.
    bool readable(Generation at) const { return at.raw() >= readable_from || retained.find(at) != nullptr; }
    CommitRecord const& newest() const { return directories.newest().record; }
    void submit(Owner owner, std::uint16_t part, store::Priority priority, store::Request const& request) {
        io.submit({static_cast<std::uint8_t>(owner), part}, priority, request);
    }
    void report_finding(store::Corruption const& corruption) {
        if (findings != nullptr) findings->report(corruption);
    }

    void complete(store::Completion const& done);
    void advance(); // lets every part do what it can without a completion
    void consider_flush();
    void flush_done(Error error);

    // Segments that a commit of this many changed frames may open, at most.
    std::uint32_t commit_segments(std::uint32_t frames) const;
    // ... that a pass of the migrator may fill with a new map, at worst; and with blocks that it moves.
    std::uint32_t fold_segments() const;
    std::uint32_t moved_segments() const { return std::max(slack_segments() / 16, 2U); }
    // ... that would be free if what lives filled the others.
    std::uint32_t slack_segments() const;
    // No commit takes these, as long as anything can be gained.
    std::uint32_t reserve_segments() const { return fold_segments() + moved_segments(); }
    std::uint32_t available() const { return segments.free() + segments.pending(); }
    // R29: live sectors at which allocation is refused; what pins may come to cost is not taken off.
    std::uint64_t limit_sectors() const;
    // ... what is. Near that line history is dropped.
    std::uint64_t limit_beside_pins() const;
    // ... of the live ones, those that the next fold sets free: superseded, and no pin sees them.
    std::uint64_t superseded_sectors() const;
    bool crowded() const { return segments.live_sectors() >= limit_beside_pins() / 8 * 7; }
};

// Scratch memory of what waits for the device: a path of nodes, a node beside it, a block, the rest.
inline constexpr std::size_t scratch_path = 0;
inline constexpr std::size_t scratch_node = abi::disk::node_levels * abi::disk::node_size;
inline constexpr std::size_t scratch_block = scratch_node + abi::disk::node_size;
inline constexpr std::size_t scratch_least = scratch_block + abi::frame_size;

// A verified node, waited for; the second copy where the first is bad.
Result<base::ConstBytes> read_node(EngineState& state, store::SyncIo& io, abi::disk::TwinRef const& ref,
                                   std::optional<std::uint16_t> level, base::Bytes into);
// What the map has of a frame at a checkpoint. Errors: absent, corrupt, io.
Result<abi::disk::LeafEntry> find_in_map(EngineState& state, store::SyncIo& io, abi::FrameId frame,
                                         Generation at);

} // namespace checkpoint
