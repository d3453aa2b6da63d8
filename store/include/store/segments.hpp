// SPDX-License-Identifier: Apache-2.0
// Segments in memory: what is live in each, and which may be written again.
//   map: sectors that the object map in force refers to; log: references of unmigrated checkpoints and of the
//   chain. live(s) = map(s) + log(s).   free or pending => live == 0.   open(s) only if may_reuse(s): R27,
//   the one predicate.
//
//      free ─open─► open ─close─► used ─live 0 at a switch of maps─► pending
//      pending ─both root slots past it─► free
#pragma once

#include <base/contract.hpp>
#include <base/result.hpp>
#include <store/block_device.hpp>
#include <store/geometry.hpp>

#include <algorithm>
#include <span>

namespace store {

using base::Result;

enum class SegmentState : std::uint8_t { reserved, free, pending, open, used };

struct Segment {
    std::uint32_t log = 0; // sectors referred to, counted once a reference
    std::uint16_t map = 0; // sectors
    SegmentState state = SegmentState::reserved;
    std::uint8_t victim : 1 = 0; // being emptied: nothing may refer to it anew
    std::uint8_t nodes : 1 = 0;  // nodes of the map stand here, as far as is known
    std::int32_t change = 0;     // of `map`, by the fold under way
    std::uint16_t doomed = 0;    // sectors of `map` that no checkpoint sees, as far as is known
    std::uint32_t youngest = 0;  // newest checkpoint, by its counter, that wrote a block here; 0: not known
    std::uint64_t freed_by = 0;  // first generation that does not refer to it
    std::uint32_t live() const { return map + log; }
    // What must be moved to empty it, as far as is known.
    std::uint32_t needed() const { return map - std::min(map, doomed); }
};

class Segments {
public:
    void init(std::span<Segment> table, Geometry geometry);
    Geometry const& geometry() const { return geometry_; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(table_.size()); }
    Segment const& operator[](std::uint32_t index) const { return table_[index]; }

    // Recovery: counts are set first, then each segment gets its state; empty ones
    // are pending, freed by `newest`.
    void set_map(std::uint32_t index, std::uint16_t sectors);
    void settle(std::uint64_t newest);
    // Recovery: the segment where a stream goes on.
    void reopen(std::uint32_t index);

    // The next free segment in the order of the disk, round and round. Errors: no_space.
    Result<std::uint32_t> open();
    void close(std::uint32_t index);

    void add_log(Extent extent);
    void drop_log(Extent extent);
    // The fold under way adds or drops a reference of the map; a block's with the checkpoint that wrote it.
    void fold_adds(Extent extent) { at(extent).change += static_cast<std::int32_t>(extent.count()); }
    void fold_adds(Extent extent, std::uint32_t birth) {
        fold_adds(extent);
        auto& segment = at(extent);
        segment.youngest = std::max(segment.youngest, birth);
    }
    void fold_drops(Extent extent) { at(extent).change -= static_cast<std::int32_t>(extent.count()); }
    void forget_fold();
    void holds_node(Extent place) { at(place).nodes = 1; }
    // Nobody sees that block any more, though the map refers to it.
    void doom(Extent extent) { at(extent).doomed += static_cast<std::uint16_t>(extent.count()); }
    void forget_doomed();
    // Every segment holds what the fold leaves there: false where the table's counts did not fit the map.
    bool fold_fits() const;
    // Checkpoint `generation` names the new map and is acknowledged.
    void switch_map(std::uint64_t generation);
    // What commits that were given up and folds that were discarded left: nothing refers to it, though a
    // record up to `generation` that was never acknowledged may. No commit or fold is under way.
    void release_dead(std::uint64_t generation);
    // Both valid root slots name `slots` or later.
    void promote(std::uint64_t slots);

    void mark_victim(std::uint32_t index) { table_[index].victim = 1; }
    bool is_victim(Extent extent) const { return table_[geometry_.segment_of(extent.first())].victim != 0; }

    std::uint32_t free() const { return free_; }
    std::uint32_t pending() const { return pending_; }
    // The least generation that root slots must name before a pending segment is free; 0: none is pending.
    std::uint64_t oldest_pending() const;
    std::uint32_t usable() const { return size() - 2; }
    std::uint64_t live_sectors() const { return live_; }
    std::uint64_t opened() const { return opened_; }
    std::uint64_t laps() const { return laps_; }
    std::uint64_t slots() const { return slots_; }

    // R27. `freed_by` is older than every checkpoint from which a restart can begin, because recovery starts
    // at a valid root slot and never goes behind it.
    static bool may_reuse(Segment const& segment, std::uint64_t slots) {
        return segment.live() == 0 && segment.freed_by <= slots;
    }

private:
    Segment& at(Extent extent) {
        auto const index = geometry_.segment_of(extent.first());
        expects(index < table_.size());
        return table_[index];
    }
    void release(Segment& segment, std::uint64_t generation);
    void claim(Segment& segment);

    std::span<Segment> table_;
    Geometry geometry_;
    std::uint32_t cursor_ = 1;
    std::uint32_t free_ = 0;
    std::uint32_t pending_ = 0;
    std::uint64_t live_ = 0; // sectors
    std::uint64_t opened_ = 0;
    std::uint64_t laps_ = 0;
    std::uint64_t slots_ = 0;
};

} // namespace store
