// SPDX-License-Identifier: Apache-2.0
// One commit: directory, record, flush, acknowledgement, failure. (Frames: stabiliser.cpp.)
#include "record.hpp"
#include "state.hpp"

#include <algorithm>
#include <tuple>

namespace checkpoint {

using namespace abi::disk;

Result<> Commit::finish(CommitInfo const& info) {
    expects(phase_ == Phase::open);
    info_ = info;
    auto const used = entries_.first(count_);
    std::sort(used.begin(), used.end(), [](auto const& a, auto const& b) { return a.frame() < b.frame(); });
    for (std::size_t i = 1; i < used.size(); ++i) expects(used[i - 1].frame() != used[i].frame());
    encoder_.start(used);
    phase_ = Phase::directory;
    return {};
}

bool Commit::step() {
    if (phase_ == Phase::idle || phase_ == Phase::committed || phase_ == Phase::failed) return false;
    auto const& log = state_.stream(Owner::log);
    auto const& mirror = state_.stream(Owner::mirror);
    auto const unnamed = record_ready_ && state_.next_needs_slot && state_.roots.given_up();
    auto const broken =
        log.failed() || mirror.failed() || error_ != Error::none || state_.stopped != Error::none || unnamed;
    if (phase_ != Phase::failing && phase_ != Phase::open && broken) {
        fail_with(Error::io);
        return true;
    }
    switch (phase_) {
    case Phase::directory: return write_directory();
    case Phase::drain_first: return false; // the flush moves it on
    case Phase::drain: return !record_ready_ && compose_record();
    case Phase::failing:
        if (!drained() || state_.flush_for_commit) return false;
        after_failure();
        return true;
    case Phase::idle:
    case Phase::open:
    case Phase::committed:
    case Phase::failed: return false;
    }
    unreachable();
}

namespace {

// Adds a sector to the runs of a copy; false when all runs are used.
bool extend(std::array<Extent, directory_extents>& runs, std::uint32_t& count, Extent sector) {
    if (count > 0) {
        auto& last = runs[count - 1];
        if (last.first() + last.count() == sector.first() && last.count() < 0xffff) {
            last = Extent::make(last.first(), last.count() + 1);
            return true;
        }
    }
    if (count == runs.size()) return false;
    runs[count++] = sector;
    return true;
}

bool same_segment(store::Geometry const& geometry, Extent a, Extent b) {
    return geometry.segment_of(a.first()) == geometry.segment_of(b.first());
}

} // namespace

bool Commit::write_directory() {
    bool moved = false;
    while (staged_full_ || !encoder_.finished()) {
        if (!staged_full_) {
            encoder_.fill(staged_);
            staged_full_ = true;
        }
        auto& log = state_.stream(Owner::log);
        auto& mirror = state_.stream(Owner::mirror);
        if (!log.can_append(1) || !mirror.can_append(1)) return moved;
        auto const first = log.append(staged_);
        auto const second = mirror.append(staged_);
        if (!first || !second) {
            fail_with(Error::no_space);
            return true;
        }
        // A run never crosses into the next segment, even where that is the neighbour.
        auto const& g = state_.geometry;
        for (auto [runs, count, sector] : {std::tuple{&record_.directory, &runs_[0], *first},
                                           std::tuple{&record_.directory_copy, &runs_[1], *second}}) {
            auto const fresh = *count > 0 && !same_segment(g, (*runs)[*count - 1], sector);
            if (fresh && *count < runs->size()) (*runs)[(*count)++] = sector;
            else if (fresh || !extend(*runs, *count, sector)) {
                fail_with(Error::no_space);
                return true;
            }
        }
        staged_full_ = false;
        moved = true;
    }
    if (data_bytes_ > one_flush_bytes) {
        state_.stream(Owner::log).seal();
        state_.stream(Owner::mirror).seal();
        record_.flags |= static_cast<std::uint64_t>(RecordFlag::flushed_first);
        phase_ = Phase::drain_first;
    } else {
        phase_ = Phase::drain;
    }
    return true;
}

// The record, complete, into the chunks that begin at its places, or into requests of its own.
bool Commit::compose_record() {
    auto& log = state_.stream(Owner::log);
    auto& mirror = state_.stream(Owner::mirror);
    auto const self = state_.next;
    auto const& parent = state_.newest();
    record_.store = state_.store;
    record_.nonce = state_.nonce;
    record_.generation = generation_.raw();
    record_.parent_hash = parent.hash;
    record_.self = self;
    record_.parent = parent.self;
    record_.directory_bytes = encoder_.bytes();
    record_.directory_entries = count_;
    record_.directory_hash = encoder_.hash();
    names_new_map_ = state_.migration.ready();
    record_.base = names_new_map_ ? state_.migration.new_base() : state_.base;
    record_.map = names_new_map_ ? state_.migration.new_map() : state_.map;
    record_.table = names_new_map_ ? state_.migration.new_table() : state_.table;
    record_.checkpoints = names_new_map_ ? state_.migration.new_checkpoints() : state_.checkpoints;
    record_.moves = names_new_map_ ? state_.migration.new_moves() : state_.moves_root;
    record_.readable_from = names_new_map_ ? state_.migration.readable_from() : state_.readable_from;
    record_.map_nodes = names_new_map_ ? state_.migration.new_map_nodes() : state_.map_nodes;
    record_.time_ns = info_.time_ns;
    record_.stop_ns = info_.stop_ns;
    record_.clock_base_ns = info_.clock_base_ns;
    record_.processes = info_.processes;
    record_.abi_revision = info_.abi_revision;
    record_.frames = frames_;
    record_.bytes_written =
        data_bytes_ + 2 * ((encoder_.bytes() + sector_size - 1) / sector_size + 1) * sector_size;
    auto const flag = record_.restores != 0 ? RecordFlag::rollback : RecordFlag::housekeeping;
    if (housekeeping_) record_.flags |= static_cast<std::uint64_t>(flag);

    auto const next_log = log.make_hole(1 + sectors_per_frame);
    auto const next_mirror = mirror.make_hole(2);
    if (!next_log || !next_mirror) {
        fail_with(Error::no_space);
        return true;
    }
    record_.next = {*next_log, *next_mirror};
    for (std::size_t copy = 0; copy < 2; ++copy) {
        auto& stream = copy == 0 ? log : mirror;
        auto const sector = record_buffer_.subspan(copy * sector_size, sector_size);
        encode_record(record_, sector);
        if (!stream.fill_hole(sector)) {
            state_.submit(Owner::record, static_cast<std::uint16_t>(copy), store::Priority::commit,
                          {store::RequestKind::write, 0, self[copy].offset(), sector});
            ++records_in_flight_;
        }
        stream.seal();
    }
    record_ready_ = true;
    if (state_.next_needs_slot) state_.roots.want_for_next();
    return true;
}

void Commit::record_written(Error error) {
    --records_in_flight_;
    if (error != Error::none) error_ = Error::io;
}

bool Commit::drained() const {
    return records_in_flight_ == 0 && state_.stream(Owner::log).idle() && state_.stream(Owner::mirror).idle();
}

bool Commit::wants_flush() const {
    if (error_ != Error::none || state_.stream(Owner::log).failed() || state_.stream(Owner::mirror).failed())
        return false;
    if (phase_ == Phase::drain_first) return drained();
    if (phase_ != Phase::drain || !record_ready_ || !drained()) return false;
    // R25: after an abandoned commit a root slot must name this record's place, by this flush at the latest.
    auto const& roots = state_.roots;
    return !state_.next_needs_slot || roots.written_for(state_.next) || roots.durable_for(state_.next);
}

// A failed flush may have lost any write that completed before it, whoever asked for it.
void Commit::flush_failed() {
    if (phase_ != Phase::idle && phase_ != Phase::committed && phase_ != Phase::failed &&
        error_ == Error::none)
        error_ = Error::io;
}

void Commit::flush_done() {
    if (phase_ == Phase::failing) return;
    if (phase_ == Phase::drain_first) {
        phase_ = Phase::drain;
    } else {
        invariant(phase_ == Phase::drain && record_ready_);
        acknowledge();
    }
}

void Commit::acknowledge() {
    auto& s = state_;
    s.directories.publish(record_, count_);
    count_references();
    s.next = record_.next;
    s.next_needs_slot = false;
    s.counters.bytes_committed += record_.bytes_written;
    ++(housekeeping_ ? s.counters.housekeeping : s.counters.commits);
    if (names_new_map_) s.migration.switched(generation_.raw());
    s.roots.after_commit();
    if (!housekeeping_) s.migration.after_commit();
    phase_ = housekeeping_ ? Phase::idle : Phase::committed;
}

// The new checkpoint refers to its record, its directory and its frames' blocks.
void Commit::count_references() const {
    auto& segments = state_.segments;
    for (auto const extent : record_.self) segments.add_log(extent);
    for (auto const extent : record_.directory)
        if (!extent.none()) segments.add_log(extent);
    for (auto const extent : record_.directory_copy)
        if (!extent.none()) segments.add_log(extent);
    for (auto const& entry : entries_.first(count_))
        if (!entry.zero()) segments.add_log(entry.place());
}

void Commit::fail_with(Error error) {
    if (error_ == Error::none) error_ = error;
    state_.stream(Owner::log).drop_unsent();
    state_.stream(Owner::mirror).drop_unsent();
    phase_ = Phase::failing;
}

// R25: the generation is spent; its record's place may hold anything. The next record gets places of its own,
// which only a root slot names: in other segments, for the device may have trouble with these, as long as
// there are some to spare.
void Commit::after_failure() {
    auto& s = state_;
    auto& log = s.stream(Owner::log);
    auto& mirror = s.stream(Owner::mirror);
    log.clear_failure();
    mirror.clear_failure();
    auto const spare = s.segments.free() > s.reserve_segments();
    auto const first = spare ? log.make_hole_elsewhere() : log.make_hole(1 + sectors_per_frame);
    auto const second = spare ? mirror.make_hole_elsewhere() : mirror.make_hole(2);
    if (first && second) {
        s.next = {*first, *second};
        s.next_needs_slot = true;
    } else {
        s.stopped = Error::device_failed;
    }
    ++s.counters.failed;
    phase_ = housekeeping_ ? Phase::idle : Phase::failed;
    if (!housekeeping_) return;
    error_ = Error::none;
    s.migration.empty_commit_failed();
}

} // namespace checkpoint
