// SPDX-License-Identifier: Apache-2.0
// The fold's pass over the old map: a path of nodes from the root, left to right, beside the sequence of
// changes; frame by frame, all versions of a frame at once.
#include "migration.hpp"
#include "state.hpp"

#include <store/map_node.hpp>

#include <cstring>

namespace checkpoint {

using namespace abi::disk;

namespace {

constexpr int turns_a_step = 512; // a step stays short: fetches and commits go first
constexpr std::uint64_t no_end = ~std::uint64_t{0};

} // namespace

base::Bytes Migration::node_memory(std::size_t depth) const {
    return buffers_.path.subspan(depth * node_size, node_size);
}

void Migration::begin_walk() {
    auto& s = state_;
    // What a pass that was discarded had in flight may have failed since: that is not this one's failure.
    for (auto const owner : {Owner::map, Owner::map_copy, Owner::moved}) s.stream(owner).clear_failure();
    builder_.start(relocating() ? s.moves.next_nodes() : std::span<Twin>());
    s.moves.begin();
    ahead_.clear();
    moved_ = nullptr;
    path_.clear();
    group_.clear();
    grouping_ = flush_now_ = poisoned_ = checkpoints_written_ = false;
    nodes_left_ = pinned_blocks_ = fresh_ = 0;
    if (fate_ != Fate::kept) {
        nodes_left_ = s.moves.nodes().size();
        for (auto const& node : s.moves.nodes())
            for (auto const place : node) s.segments.fold_drops(place);
    }
    new_table_ = new_checkpoints_ = {};
    phase_ = Phase::walking;
    if (s.map.none()) return;
    if (!sweeping_ && changes_.finished()) {
        builder_.keep(s.map);
        phase_ = Phase::tables;
        return;
    }
    level_wanted_ = std::nullopt;
    first_ = 0;
    end_ = no_end;
    visit(s.map);
}

void Migration::visit(TwinRef const& ref) {
    reading_ = ref;
    copy_ = 0;
    phase_ = Phase::reading;
    read(ref.place[0]);
}

// It may have arrived already, being read ahead.
void Migration::read(Extent place) {
    awaited_ = place;
    auto* slot = ahead_.find(place);
    if (slot == nullptr) slot = ahead_.begin_now(place);
    if (slot == nullptr) return; // reads for a pass that is over take all slots: when one is back
    slot->end = no_end;
    if (slot->state == AheadSlot::State::arrived) arrived(*slot);
}

void Migration::read_done(std::uint16_t index, Error error) {
    auto* const slot = ahead_.complete(index, error);
    if (phase_ != Phase::reading && phase_ != Phase::moving) return;
    if (slot != nullptr && slot->place == awaited_) arrived(*slot);
    else if (ahead_.find(awaited_) == nullptr) read(awaited_);
}

void Migration::arrived(AheadSlot& slot) {
    if (phase_ == Phase::reading) node_arrived(slot);
    else block_arrived(slot);
}

bool Migration::verified(AheadSlot& slot, std::uint64_t hash, std::optional<std::uint16_t> level) const {
    if (slot.error != Error::none) return false;
    if (!slot.verified)
        slot.verified = store::verify_node(slot.memory, {hash, level, state_.store}, state_.geometry);
    return slot.verified;
}

// A node with the right hash may still be no part of this tree: its keys must lie where its parent says, and
// its versions must not be younger than the base.
bool Migration::node_fits(base::ConstBytes node) const {
    auto const header = store::node_header(node);
    auto const leaf = header.level == 0;
    auto const frame = [&](std::size_t i) {
        return leaf ? store::leaf_entry(node, i).key().frame : store::child_entry(node, i).first.frame;
    };
    if (frame(0) < first_ || frame(header.count - 1U) >= end_) return false;
    for (std::size_t i = 0; leaf && i < header.count; ++i)
        if (store::leaf_entry(node, i).birth > state_.base) return false;
    return true;
}

void Migration::node_arrived(AheadSlot& slot) {
    auto const error = slot.error;
    auto const good = verified(slot, reading_.hash, level_wanted_) && node_fits(slot.memory);
    if (good) {
        std::memcpy(node_memory(path_.size()).data(), slot.memory.data(), node_size);
        auto const header = store::node_header(slot.memory);
        changes_ahead_[path_.size()] = changes_;
        path_.push_back({reading_, header.level, 0, header.count, end_, slot.leaf ? slot.looked : 0});
        phase_ = Phase::walking;
    }
    ahead_.release(slot);
    if (good) return;
    store::Corruption report;
    report.finding = copy_ == 0 ? store::Finding::single_copy : store::Finding::map_node;
    report.part = store::Finding::map_node;
    report.offset = reading_.place[copy_].offset();
    report.want = reading_.hash;
    state_.report_finding(report);
    if (copy_ == 0) {
        copy_ = 1;
        read(reading_.place[1]);
    } else {
        discard(error == Error::none ? Error::corrupt : Error::io);
    }
}

void Migration::block_arrived(AheadSlot& slot) {
    auto const& entry = moving_.entry;
    phase_ = Phase::walking;
    if (slot.error == Error::none &&
        store::frame_hash(entry.frame(), entry.type(), slot.memory) == entry.hash) {
        moved_ = &slot;
        return;
    }
    store::Corruption report;
    report.finding = slot.error == Error::none ? store::Finding::frame_hash : store::Finding::device;
    report.frame = entry.frame();
    report.offset = entry.place().offset();
    report.want = entry.hash;
    state_.report_finding(report);
    ahead_.release(slot);
    group_.settle(); // it stays where it is
}

bool Migration::walk() {
    look_ahead();
    bool moved = false;
    for (int turn = 0; turn < turns_a_step && phase_ == Phase::walking; ++turn) {
        if (builder_.out_of_space()) {
            discard(Error::no_space);
            return true;
        }
        bool progress = true;
        if (grouping_) {
            progress = take_group();
        } else if (path_.empty()) {
            if (changes_.finished()) phase_ = Phase::tables;
            else gather(nullptr, {});
        } else {
            auto& level = path_[path_.size() - 1];
            auto const node = node_memory(path_.size() - 1);
            progress = level.level == 0 ? walk_leaf(level, node) : walk_inner(level, node);
        }
        if (!progress) return moved;
        moved = true;
    }
    return moved;
}

bool Migration::change_below(std::uint64_t end) const {
    return !changes_.finished() && changes_.frame().number() < end;
}

bool Migration::leaf_is_unchanged(Level const& level, base::ConstBytes node, std::uint64_t& pinned) {
    if (change_below(level.end) || builder_.wants_more(0)) return false;
    auto const& segments = state_.segments;
    if (segments.is_victim(level.ref.place[0]) || segments.is_victim(level.ref.place[1])) return false;
    for (std::size_t i = 0; i < level.count;) {
        group_.clear();
        auto const frame = store::leaf_entry(node, i).key().frame;
        for (; i < level.count; ++i) {
            auto const version = state_.moves.placed(store::leaf_entry(node, i));
            if (version.key().frame != frame) break;
            if (!version.entry.zero() && segments.is_victim(version.entry.place())) return false;
            if (fate_ == Fate::folded && state_.moves.has(version.key())) return false;
            group_.add(version);
        }
        auto const before = group_.size();
        if (restore_.as != 0) group_.restore(restore_.to, restore_.as);
        if (group_.size() != before) return false;
        group_.keep_seen_by(points_.span());
        if (group_.size() != before) return false;
        pinned += pinned_block(group_);
    }
    return true;
}

// Returns false when a buffer must be written first, or a read must come back.
bool Migration::walk_leaf(Level& level, base::ConstBytes node) {
    std::uint64_t pinned = 0;
    if (!relocating() && level.at == 0 && path_.size() > 1 && leaf_is_unchanged(level, node, pinned)) {
        // The parent stepped past this child already.
        auto const& parent = path_[path_.size() - 2];
        auto const child = store::child_entry(node_memory(path_.size() - 2), parent.at - 1);
        if (!builder_.link(child, 0)) return false;
        pinned_blocks_ += pinned;
        path_.pop_back();
        return true;
    }
    if (level.at == level.count && !change_below(level.end)) leave(level);
    else gather(&level, node);
    return true;
}

bool Migration::must_visit(ChildEntry const& child, std::uint16_t level, std::uint64_t end) const {
    if (sweeping_ || change_below(end)) return true;
    return builder_.wants_more(level) || state_.segments.is_victim(child.child.place[0]) ||
           state_.segments.is_victim(child.child.place[1]);
}

bool Migration::walk_inner(Level& level, base::ConstBytes node) {
    if (level.at == level.count) {
        leave(level);
        return true;
    }
    auto const child = store::child_entry(node, level.at);
    auto const end =
        level.at + 1 < level.count ? store::child_entry(node, level.at + 1).first.frame : level.end;
    auto const below = static_cast<std::uint16_t>(level.level - 1);
    if (!must_visit(child, below, end)) {
        if (!builder_.link(child, below)) return false;
        ++level.at;
        return true;
    }
    ++level.at;
    level_wanted_ = below;
    first_ = child.first.frame;
    end_ = end;
    visit(child.child);
    return true;
}

// A node whose entries were taken over one by one is replaced.
void Migration::leave(Level const& level) {
    for (auto const place : level.ref.place) {
        state_.segments.holds_node(place);
        if (!relocating()) state_.segments.fold_drops(place);
    }
    if (!relocating()) ++nodes_left_;
    ahead_.release_before(level.end);
    path_.pop_back();
}

} // namespace checkpoint
