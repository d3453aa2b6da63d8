// SPDX-License-Identifier: Apache-2.0
// The fold's walk, one frame: its versions from the leaf and the directories, which of them stay, and where
// their blocks stand.
#include "migration.hpp"
#include "state.hpp"

#include <store/map_node.hpp>

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

// All versions of the next frame, of the leaf at hand and of the folded directories; what of them stays.
void Migration::gather(Level* level, base::ConstBytes node) {
    group_.clear();
    auto const in_leaf = level != nullptr && level->at < level->count;
    auto frame = VersionGroup::never;
    if (in_leaf) frame = store::leaf_entry(node, level->at).key().frame;
    if (change_below(level != nullptr ? level->end : VersionGroup::never))
        frame = std::min(frame, changes_.frame().number());
    for (; in_leaf && level->at < level->count; ++level->at) {
        auto const version = store::leaf_entry(node, level->at);
        if (version.key().frame != frame) break;
        group_.add(state_.moves.placed(version));
    }
    group_.for_each_block(
        [this](LeafEntry const& version) { state_.segments.fold_drops(version.entry.place()); });
    if (relocating()) find_superseder(frame);
    if (!changes_.finished() && changes_.frame().number() == frame) {
        changes_.for_each_version([this](DirectoryEntry entry, Generation birth) {
            auto const flags = entry.flags().without(EntryFlag::shared);
            entry.name = DirectoryEntry::Flags::set(entry.name, flags.raw());
            group_.add({entry, birth.raw()});
        });
        changes_.advance();
    }
    if (restore_.as != 0) group_.restore(restore_.to, restore_.as);
    // (No leaf is written by a relocation: what nobody sees stays in the map.)
    if (!relocating()) {
        if (sees_gone()) return discard(Error::corrupt);
        group_.keep_seen_by(points_.span());
    }
    grouping_ = !group_.empty();
    settled_ = false;
}

// Only in a damaged store.
bool Migration::sees_gone() const {
    auto const versions = group_.versions();
    for (std::size_t i = 0; i < versions.size() && state_.moves.gone() > 0; ++i)
        if (state_.moves.gone(versions[i].key()) && group_.seen(i, points_.span())) return true;
    return false;
}

// The oldest directory that has the frame: from there on nobody sees what the map has.
void Migration::find_superseder(std::uint64_t frame) {
    superseded_ = VersionGroup::never;
    superseding_.skip_before(frame);
    if (superseding_.finished() || superseding_.frame().number() != frame) return;
    superseding_.for_each_version([this](DirectoryEntry const&, Generation birth) {
        superseded_ = std::min(superseded_, birth.raw());
    });
}

// The group at hand: blocks out of victims, then into the new leaf. False: a buffer must be written first.
bool Migration::take_group() {
    if (!settled_) {
        auto const* const victim =
            group_.next_block([this](Extent place) { return state_.segments.is_victim(place); });
        if (victim != nullptr) return empty_out(*victim);
        settle_group();
    }
    if (!group_.empty() && !builder_.add(group_.versions())) return false;
    if (relocating())
        for (auto const& version : group_.versions()) {
            auto const rising = state_.moves.note(version);
            invariant(rising);
        }
    grouping_ = false;
    return true;
}

// All its blocks stand where they will. Of a relocation only what the leaf does not say goes on.
void Migration::settle_group() {
    group_.for_each_block([this](LeafEntry const& version) {
        auto const birth = static_cast<std::uint32_t>(Generation(version.birth).counter());
        state_.segments.fold_adds(version.entry.place(), birth);
        if (relocating() && !group_.block_seen(version, points_.span(), superseded_))
            state_.segments.doom(version.entry.place());
    });
    pinned_blocks_ += pinned_block(group_);
    settled_ = true;
    if (!relocating()) return;
    auto const depth = path_.size() - 1;
    auto const first = path_[depth].at - group_.size();
    group_.keep_if([&](std::size_t i) {
        auto const in_leaf = store::leaf_entry(node_memory(depth), first + i).entry;
        return group_.versions()[i].entry.where != in_leaf.where;
    });
}

// A block of a victim: moved, or given up if no checkpoint sees it; or it stays, for there is no room in the
// memory for moves.
bool Migration::empty_out(LeafEntry const& version) {
    if (!relocating() || moved_ != nullptr) return move_block(version);
    if (fresh_ + group_.size() > state_.moves.fresh_at_most()) {
        group_.settle();
        return true;
    }
    if (group_.block_seen(version, points_.span(), superseded_)) return move_block(version);
    group_.settle_gone();
    fresh_ += group_.size();
    ++state_.counters.blocks_given_up;
    return true;
}

bool Migration::move_block(LeafEntry const& version) {
    if (moved_ == nullptr) {
        moving_ = version;
        phase_ = Phase::moving;
        read(version.entry.place());
        return true;
    }
    auto& stream = state_.stream(Owner::moved);
    if (!stream.can_append(sectors_per_frame)) return false;
    auto const place = stream.append(moved_->memory);
    if (!place) {
        discard(Error::no_space);
        return true;
    }
    group_.settle_at(place->first());
    fresh_ += group_.size(); // at most: versions that share the block move with it
    ++state_.counters.frames_moved;
    ahead_.release(*moved_);
    moved_ = nullptr;
    return true;
}

// 1 if a pin sees the block of the newest version.
std::uint64_t Migration::pinned_block(VersionGroup const& group) const {
    auto const& newest = group.newest().entry;
    if (newest.zero()) return 0;
    for (auto const pin : pins_) {
        auto const* const seen = group.seen_at(pin);
        if (seen != nullptr && !seen->entry.zero() && seen->entry.sector() == newest.sector()) return 1;
    }
    return 0;
}

} // namespace checkpoint
