// SPDX-License-Identifier: Apache-2.0
// Migration: when, how much, and from the finished walk to the switch. (What a pass is for: pass_plan.cpp;
// the walk: fold_walk.cpp.)
#include "migration.hpp"

#include "state.hpp"

#include <algorithm>
#include <cstring>

namespace checkpoint {

using namespace abi::disk;

void Migration::init(Buffers const& buffers) {
    buffers_ = buffers;
    ahead_.init(buffers.ahead);
    builder_.init({&state_.stream(Owner::map), &state_.stream(Owner::map_copy), &state_.segments,
                   buffers.builder, buffers.node, state_.store});
}

void Migration::after_commit() {
    exhausted_ = Error::none;
    // A device may have recovered; a map that cannot be read does not.
    if (stalled_ != Error::corrupt) stalled_ = Error::none;
    emptying_at_ = relocated_at_ = 0;
    nothing_to_gain_ = false;
}

void Migration::hurry(std::uint32_t segments) {
    urgent_ = true;
    needed_ = segments;
    exhausted_ = Error::none;
    state_.roots.try_again();
}

std::uint64_t Migration::new_map_nodes() const {
    return state_.map_nodes + builder_.nodes_made() - nodes_left_;
}

TwinRef Migration::new_map() const { return relocating() ? state_.map : builder_.root(); }

TwinRef Migration::new_moves() const {
    if (fate_ == Fate::kept) return state_.moves_root;
    return relocating() ? builder_.root() : TwinRef();
}

// R28: few enough directories, enough room for entries, and no history that must go.
bool Migration::fold_is_due() const {
    auto const& s = state_;
    if (s.crowded() && (s.retained.unpinned() > 0 || unswept_ > 0)) return true;
    return s.directories.size() > s.limits.fold_above ||
           s.directories.entries_used() * 2 > s.directories.capacity();
}

// ... and the log not too full of what is superseded.
bool Migration::due() const {
    auto const& s = state_;
    if (s.stopped != Error::none) return false;
    if (held_) return false;
    if (urgent_) return true;
    if (stalled_ != Error::none) return false;
    return fold_is_due() || (!nothing_to_gain_ && s.available() < low_water());
}

void Migration::grant(std::uint64_t bytes) {
    constexpr std::uint64_t most = 1 << 20;
    if (!limited_) budget_ = 0;
    limited_ = true;
    budget_ = std::min(budget_ + static_cast<std::int64_t>(std::min(bytes, std::uint64_t{1} << 40)),
                       static_cast<std::int64_t>(std::max(bytes, most)));
}

bool Migration::resting() const {
    return spent() && (phase_ == Phase::walking || phase_ == Phase::tables || (idle() && due()));
}

void Migration::charge_io() {
    auto moved = ahead_.bytes_asked();
    for (auto const owner : {Owner::map, Owner::map_copy, Owner::moved})
        moved += state_.stream(owner).bytes_sent();
    charge(moved - charged_);
    charged_ = moved;
}

bool Migration::step() {
    charge_io();
    return !resting() && go_on();
}

bool Migration::go_on() {
    switch (phase_) {
    case Phase::idle:
        if (!due()) return false;
        help_out();
        return phase_ != Phase::idle || (slots_asked_ && !state_.roots.busy());
    case Phase::walking: return walk();
    case Phase::tables: return write_tables();
    case Phase::writing:
        if (poisoned_ || state_.stream(Owner::map).failed() || state_.stream(Owner::map_copy).failed() ||
            state_.stream(Owner::moved).failed()) {
            if (!written() || state_.flush_for_migration) return false;
            discard(Error::io);
            return true;
        }
        flush_now_ = urgent_ || held_;
        return false;
    case Phase::ready:
        // Nobody else may come to name the map: an empty commit does (only in
        // need; else the next commit will).
        return urgent_ && !held_ && state_.commit.idle() && commit_nothing();
    case Phase::reading:
    case Phase::moving: look_ahead(); return false;
    }
    unreachable();
}

// In order of cost: root slots (they release what waits), a relocation, a fold.
void Migration::help_out() {
    auto& s = state_;
    if (urgent_ && needed_ != for_entries) {
        if (s.segments.free() >= needed_) {
            urgent_ = false;
            return;
        }
        if (s.commit.idle() && s.streams_idle()) s.segments.release_dead(s.last_used.raw());
        if (s.segments.pending() > 0 && free_pending()) return;
    }
    if (start_relocation()) return;
    // All of them: what retained checkpoints see of them are versions in the map.
    auto const newest_is_base = s.directories.size() == 1 && s.base == s.newest().generation;
    if (start(newest_is_base ? 0 : s.directories.size())) return;
    nothing_to_gain_ = true;
    if (urgent_) {
        exhausted_ = s.roots.given_up() ? Error::io : Error::no_space;
        urgent_ = false;
    }
}

// Pending segments are free when both root slots have moved on (R27); those of an abandoned commit, when they
// name a checkpoint after it. False: that was tried and failed.
bool Migration::free_pending() {
    auto& s = state_;
    if (s.roots.given_up()) return false;
    if (s.segments.oldest_pending() > s.newest().generation) return !s.commit.idle() || commit_nothing();
    s.roots.want_alone();
    return true;
}

// The content of the newest checkpoint once more.
bool Migration::commit_nothing() {
    auto const& newest = state_.newest();
    if (state_.segments.free() < state_.commit_segments(0)) {
        exhausted_ = state_.roots.given_up() ? Error::io : Error::no_space;
        urgent_ = false;
        return false;
    }
    // One that folds nothing must leave a place for one that does.
    auto const folds = ready() && folded_ > 0;
    if (!folds && state_.directories.places() <= 1) {
        if (ready()) discard(Error::none);
        return false;
    }
    if (!state_.commit.begin(0, true)) return false;
    auto const finished = state_.commit.finish(
        {newest.time_ns, newest.stop_ns, newest.clock_base_ns, newest.processes, newest.abi_revision});
    return static_cast<bool>(finished);
}

void Migration::empty_commit_failed() {
    if (held_ && !idle()) discard(Error::io);
    if (urgent_) exhausted_ = Error::io;
    urgent_ = false;
}

// Two places for so many sectors and the memory to fill in; false: a buffer must be written first.
Result<bool> Migration::reserve_twice(std::uint32_t sectors, Twin& places,
                                      std::array<base::Bytes, 2>& memory) {
    auto& s = state_;
    std::array<store::LogStream*, 2> const streams = {&s.stream(Owner::map), &s.stream(Owner::map_copy)};
    for (auto* stream : streams)
        if (!stream->can_append(sectors)) return false;
    for (std::size_t i = 0; i < 2; ++i) {
        memory[i] = TRY(streams[i]->reserve(sectors));
        places[i] = streams[i]->append_reserved(sectors);
        s.segments.fold_adds(places[i]);
    }
    return true;
}

bool Migration::write_checkpoints() {
    auto& s = state_;
    // What pins of unmigrated checkpoints share was counted when they were made.
    if (sweeping_ && !pins_above_) retained_.set_shared_blocks(pinned_blocks_);
    if (!retained_.empty()) {
        Twin places;
        std::array<base::Bytes, 2> memory;
        auto const reserved = reserve_twice(retained_.sectors(), places, memory);
        if (!reserved) discard(reserved.error);
        if (!reserved || !*reserved) return false;
        for (auto const bytes : memory) retained_.encode(s.store, bytes);
        new_checkpoints_ = {places, store::hash64(HashSeed::checkpoint_table, memory[0])};
    }
    if (!s.checkpoints.none())
        for (auto const place : s.checkpoints.place) s.segments.fold_drops(place);
    checkpoints_written_ = true;
    return true;
}

// The checkpoint table, then what each segment holds of the new map, both tables included: the place of the
// second is taken first, so that it counts itself.
bool Migration::write_tables() {
    auto& s = state_;
    if (!builder_.finish()) {
        if (builder_.out_of_space()) discard(Error::no_space);
        return false;
    }
    if (!checkpoints_written_ && !write_checkpoints()) return false;
    Twin places;
    std::array<base::Bytes, 2> memory;
    auto const reserved = reserve_twice(table_sectors(s.geometry.segments), places, memory);
    if (!reserved) discard(reserved.error);
    if (!reserved || !*reserved) return false;
    if (!s.table.none())
        for (auto const place : s.table.place) s.segments.fold_drops(place);
    // The table on the disk may count another map than the one that the record names.
    if (!s.segments.fold_fits()) {
        discard(Error::corrupt);
        return false;
    }
    std::memset(memory[0].data(), 0, memory[0].size());
    for (std::uint32_t i = 0; i < s.segments.size(); ++i) {
        auto const& segment = s.segments[i];
        auto const live = static_cast<std::int32_t>(segment.map) + segment.change;
        base::write(memory[0], i * sizeof(LiveSectors), static_cast<LiveSectors>(live));
    }
    std::memcpy(memory[1].data(), memory[0].data(), memory[0].size());
    new_table_ = {places, store::hash64(HashSeed::segment_table, memory[0])};
    for (auto const owner : {Owner::map, Owner::map_copy, Owner::moved}) s.stream(owner).seal();
    phase_ = Phase::writing;
    return true;
}

bool Migration::written() const {
    for (auto const owner : {Owner::map, Owner::map_copy, Owner::moved})
        if (!state_.stream(owner).idle()) return false;
    return true;
}

bool Migration::wants_flush() const { return flush_now_ && covered_by_flush(); }

void Migration::flush_done() {
    invariant(phase_ == Phase::writing);
    flush_now_ = false;
    phase_ = Phase::ready;
}

// Nothing names what was written: the next switch finds it dead.
void Migration::discard(Error why) {
    auto& s = state_;
    for (auto const owner : {Owner::map, Owner::map_copy, Owner::moved}) {
        s.stream(owner).drop_unsent();
        s.stream(owner).clear_failure();
    }
    s.segments.forget_fold();
    if (relocating()) s.segments.forget_doomed();
    ahead_.clear();
    path_.clear();
    grouping_ = false;
    phase_ = Phase::idle;
    stalled_ = why;
    if (why == Error::io) emptying_at_ = relocated_at_ = 0; // it did not fail for want of a gain
    // A pass that was begun before the need is no answer: one is made in need.
    if (!urgent_ || !begun_urgent_) return;
    exhausted_ = state_.roots.given_up() ? Error::io : why; // no space because none could be set free
    urgent_ = false;
}

void Migration::switched(std::uint64_t generation) {
    auto& s = state_;
    // The folded directories go; the newest of them stays as the base, with its
    // record and without its entries.
    // (A rollback is the base itself, and has no entries.)
    for (std::size_t i = 0; i < folded_; ++i) {
        auto const& directory = s.directories[0];
        auto const last = i + 1 == folded_ && target_ != generation;
        // As recovery counted: a record may be older than the base that another names.
        auto const was_base = directory.record.generation <= s.base;
        if (!was_base) {
            for (auto const& entry : s.directories.entries(0))
                if (!entry.zero()) s.segments.drop_log(entry.place());
            for (auto const extent : directory.record.directory)
                if (!extent.none()) s.segments.drop_log(extent);
            for (auto const extent : directory.record.directory_copy)
                if (!extent.none()) s.segments.drop_log(extent);
        }
        if (last) {
            s.directories.empty_oldest();
        } else {
            for (auto const extent : directory.record.self) s.segments.drop_log(extent);
            s.directories.drop_oldest();
        }
    }
    s.map_nodes = new_map_nodes();
    s.base = target_;
    s.readable_from = readable_from_;
    s.moves_root = new_moves();
    s.map = new_map();
    if (relocating()) s.moves.adopt(builder_.nodes_made());
    if (fate_ == Fate::folded) s.moves.clear();
    if (!relocating()) s.segments.forget_doomed();
    s.table = new_table_;
    s.checkpoints = new_checkpoints_;
    s.retained = retained_;
    auto const swept = sweeping_ && !relocating();
    unswept_ = swept ? 0 : unswept_ + dropped_;
    unswept_frames_ = swept ? 0 : unswept_frames_ + dropped_frames_;
    ++s.map_switches;
    ++(relocating() ? s.counters.relocations : s.counters.folds);
    s.segments.switch_map(generation);
    phase_ = Phase::idle;
    stalled_ = Error::none;
    urgent_ = false;
}

} // namespace checkpoint
