// SPDX-License-Identifier: Apache-2.0
// Migration: the passes. What each folds, empties or moves, which checkpoints stay beside the new map.
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
    if (kept_ != 0 && kept_ >= s.readable_from) readable_from_ = std::min(readable_from_, kept_);
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

// Segments are emptied and nothing else is due: the map stays as it is. True: that is under way, or root
// slots are, which give it more room.
bool Migration::start_relocation() {
    auto& s = state_;
    if (fold_is_due() || s.moves.many() || s.map.none() || (urgent_ && needed_ == for_entries)) return false;
    if (slots_asked_ && s.roots.busy()) return true;
    slots_asked_ = false;
    auto const there = s.available();
    // In need it must have gained something since the last time, or it would go on for ever.
    if (urgent_ && there <= relocated_at_) return false;
    auto const room = room_to_move(there);
    if (choose_victims(false, room) == 0) return false;
    if (room_to_move(s.segments.free()) < room && !s.roots.given_up() &&
        s.segments.oldest_pending() <= s.newest().generation) {
        s.segments.forget_fold();
        s.roots.want_alone();
        slots_asked_ = true;
        return true;
    }
    relocated_at_ = there;
    short_of_space_ = false;
    prepare(0, s.base);
    fate_ = Fate::made_anew;
    set_points();
    superseding_.start(s.directories, s.directories.size());
    s.segments.forget_doomed();
    begun_urgent_ = urgent_;
    cleaning_ = sweeping_ = true;
    begin_walk();
    return true;
}

// A fold that writes most leaves anyway, or moves blocks itself, brings the moves into the map.
void Migration::choose_fate(std::uint64_t entries) {
    auto const moves = state_.moves.size();
    auto const folded = moves > 0 && (cleaning_ || entries > moves / 2 || state_.moves.many());
    fate_ = folded ? Fate::folded : Fate::kept;
    sweeping_ = sweeping_ || folded;
}

bool Migration::start(std::size_t directories) {
    auto& s = state_;
    begun_urgent_ = urgent_;
    std::uint64_t entries = 0;
    for (std::size_t i = 0; i < directories; ++i) entries += s.directories[i].count;
    // A fold of few entries does not write all leaves for the sake of blocks that a relocation can move.
    auto const for_space = urgent_ ? needed_ != for_entries : !fold_is_due();
    auto const may_clean = for_space || entries > s.map_nodes / 2;
    auto gain = may_clean ? choose_victims(true, room_to_move(s.segments.free())) : 0;
    short_of_space_ = urgent_ && needed_ != for_entries && s.available() + gain < needed_;
    prepare(directories, directories == 0 ? s.base : s.directories[directories - 1].record.generation);
    set_points();
    // No block is moved to keep what may as well be dropped.
    if (!urgent_ && s.crowded() && dropped_ > 0) {
        s.segments.forget_fold();
        gain = 0;
    }
    // Versions that nobody sees any more are found by a sweep: in need at once, else when there are many.
    auto const unseen = dropped_ + unswept_;
    auto const scarce = s.available() < high_water();
    auto const many = dropped_frames_ + unswept_frames_ > s.map_nodes * leaf_capacity / 32;
    auto const for_history = space_is_needed() ? unseen > 0 : scarce && many;
    cleaning_ = gain > 0;
    sweeping_ = cleaning_ || for_history;
    choose_fate(entries);
    if (!sweeping_ && entries == 0 && s.directories.size() <= s.limits.fold_above) return false;
    if (!for_history && sweeping_ && entries == 0) {
        // It must have gained something since the last time, or it would go on for ever.
        auto const there = s.available();
        if (there <= emptying_at_) {
            s.segments.forget_fold();
            return false;
        }
        emptying_at_ = there;
    }
    begin_walk();
    return true;
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
