// SPDX-License-Identifier: Apache-2.0
// Migration: what a pass folds, which checkpoints stay beside the new map, and the passes of time travel.
#include "migration.hpp"
#include "state.hpp"

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

// A commit waits for more segments than cleaning alone gains, or what lives comes near the line where
// allocation is refused (R29).
bool Migration::space_is_needed() const { return short_of_space_ || state_.crowded(); }

// R29: unpinned history goes first, half of it at a time, before anything fails.
std::size_t Migration::unpinned_allowed(std::size_t directories) const {
    auto const& s = state_;
    auto const table = s.limits.side_chunk - sizeof(CheckpointTableHeader);
    auto const others = s.retained.pins() + (kept_ != 0 ? 1U : 0U);
    auto const most = std::min(checkpoints_at_most, table / sizeof(CheckpointEntry)) - others;
    if (!space_is_needed()) return most;
    if (s.crowded()) return urgent_ ? 0 : s.retained.unpinned() / 2;
    return std::min(most, (s.retained.unpinned() + directories) / 2);
}

// The pass that folds so many directories: what stays beside it, and whose views count.
void Migration::prepare(std::size_t directories, std::uint64_t target) {
    auto& s = state_;
    folded_ = directories;
    target_ = target;
    restore_ = {};
    fate_ = Fate::kept;
    auto const& slot = s.roots.known()[s.roots.newest()].slot;
    Retention retention;
    retention.newest = slot.retain == 0 ? s.limits.kept : slot.retain;
    retention.tenths = slot.retain_tenths;
    retention.seconds = slot.retain_seconds;
    retention.unpinned_at_most = unpinned_allowed(directories);
    retention.also = kept_;
    retention.readable_from = s.readable_from;
    auto const oldest = retain(s.directories, s.retained, target, retention, retained_);
    // A fold leaves the directories of what is younger than its target alone.
    readable_from_ = directories > 0 ? target : std::max(oldest, s.readable_from);
    if (s.readable(Generation(kept_)) && kept_ != 0) readable_from_ = std::min(readable_from_, kept_);
    changes_.start(s.directories, directories);
}

// (A relocation decides about what directories supersede too: all views count.)
void Migration::set_points() {
    points_.clear();
    pins_.clear();
    pins_above_ = false;
    for (auto const& entry : retained_.entries()) {
        auto const above = entry.generation > target_;
        if (!above || relocating()) points_.push_back(entry.generation);
        if (!is_pin(entry)) continue;
        if (above) pins_above_ = true;
        else pins_.push_back(entry.generation);
    }
    points_.push_back(relocating() ? readable_from_ : target_);
    std::sort(points_.begin(), points_.end());
    dropped_ = dropped_frames_ = 0;
    for (auto const& entry : state_.retained.entries()) {
        if (retained_.find(Generation(entry.generation)) != nullptr) continue;
        ++dropped_;
        dropped_frames_ += entry.frames;
    }
}

bool Migration::drops(Generation at) const {
    return !idle() && at != Generation() && at.raw() < readable_from_ && retained_.find(at) == nullptr;
}

Retained& Migration::draft() {
    expects(held_ && idle());
    prepare(0, state_.base);
    retained_ = state_.retained;
    return retained_;
}

void Migration::begin_change() {
    // Made by an engine with more memory, it may hold more than this one writes.
    while (retained_.sectors() * sector_size > state_.limits.side_chunk) retained_.remove_oldest_unpinned();
    readable_from_ = state_.readable_from;
    set_points();
    begun_urgent_ = cleaning_ = sweeping_ = false;
    stalled_ = Error::none;
    begin_walk();
}

// Everything is folded, every frame visited.
void Migration::begin_rollback(Generation to, Generation as) {
    expects(held_ && idle());
    prepare(state_.directories.size(), as.raw());
    set_points();
    restore_ = {to.raw(), as.raw()};
    begun_urgent_ = cleaning_ = false;
    sweeping_ = true;
    choose_fate(0);
    stalled_ = Error::none;
    begin_walk();
}

} // namespace checkpoint
