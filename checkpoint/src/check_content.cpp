// SPDX-License-Identifier: Apache-2.0
// `check`: the object map, the tree of moves, and every block that a checkpoint sees.
#include "checker.hpp"

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

// Both copies of a node, then what it points to. The copy that is good is used; both
// bad: the frames below are lost.
Result<> Checker::walk(TwinRef const& ref, std::optional<std::uint16_t> level, std::size_t depth) {
    auto const node = state_.scratch.subspan(scratch_path + depth * node_size, node_size);
    bool good[2] = {};
    for (std::size_t copy = 2; copy > 0; --copy) {
        auto const into = copy == 2 ? state_.scratch.subspan(scratch_node, node_size) : node;
        good[copy - 1] = io_.read(ref.place[copy - 1].offset(), into) &&
                         store::verify_node(into, {ref.hash, level, state_.store}, state_.geometry);
        state_.segments.fold_adds(ref.place[copy - 1]);
    }
    for (std::size_t copy = 0; copy < 2; ++copy)
        if (!good[copy])
            damage(good[1 - copy] ? Finding::single_copy : Finding::map_node, Finding::map_node,
                   ref.place[copy].offset(), ref.hash, 0, state_.base);
    if (!good[0] && !good[1]) return base::fail(Error::corrupt);
    if (!good[0]) TRY(io_.read(ref.place[1].offset(), node));
    listener_.progress(CheckPhase::map, ++result_.map_nodes, state_.map_nodes);
    auto const header = store::node_header(node);
    if (header.level > 0) {
        for (std::size_t i = 0; i < header.count; ++i)
            TRY(walk(store::child_entry(node, i).child, static_cast<std::uint16_t>(header.level - 1),
                     depth + 1));
        return {};
    }
    if (!in_moves_) count_leaf(node);
    return {};
}

// Versions of a frame that share a block refer to it once.
void Checker::count_leaf(base::ConstBytes node) {
    auto const header = store::node_header(node);
    for (std::size_t i = 0; i < header.count;) {
        group_.clear();
        auto const frame = store::leaf_entry(node, i).key().frame;
        for (; i < header.count && store::leaf_entry(node, i).key().frame == frame; ++i) {
            auto const version = store::leaf_entry(node, i);
            group_.add(state_.moves.placed(version));
            if (version.entry.zero() || !state_.moves.gone(version.key())) continue;
            auto const last = i + 1 == header.count || store::leaf_entry(node, i + 1).key().frame != frame;
            gone_block(version,
                       last ? superseded(version.entry.frame()) : store::leaf_entry(node, i + 1).birth);
        }
        group_.for_each_block(
            [this](LeafEntry const& version) { state_.segments.fold_adds(version.entry.place()); });
    }
}

// By whom the newest version in the map is.
std::uint64_t Checker::superseded(abi::FrameId frame) const {
    Generation birth;
    for (std::size_t i = 0; i < state_.directories.size(); ++i)
        if (state_.directories.find(frame, state_.directories[i].generation(), birth) != nullptr)
            return birth.raw();
    return VersionGroup::never;
}

// A version that lasts up to `end` and has no block any more: damage if a checkpoint sees it.
void Checker::gone_block(LeafEntry const& version, std::uint64_t end) {
    Corruption corruption;
    for (std::size_t i = 0; i < views(); ++i) {
        if (views_[i].raw() < version.birth || views_[i].raw() >= end) continue;
        broken_[i] = true;
        corruption.generation = views_[i].raw();
    }
    if (corruption.generation == 0) return;
    corruption.finding = Finding::frame_hash;
    corruption.frame = version.entry.frame();
    corruption.offset = version.entry.place().offset();
    corruption.want = version.entry.hash;
    result_.frames_damaged += corruption.generation == state_.newest().generation ? 1U : 0U;
    damage(corruption);
}

Result<> Checker::map() {
    for (auto const* root : {&state_.map, &state_.moves_root}) {
        in_moves_ = root == &state_.moves_root;
        if (root->none()) continue;
        auto const walked = walk(*root, std::nullopt, 0);
        // Findings say what is lost; the frames that can be reached are still verified.
        if (walked.failed() && walked.error != Error::corrupt) return walked;
    }
    return {};
}

std::optional<std::uint64_t> Checker::hash_of(DirectoryEntry const& entry) {
    if (verifier_ != nullptr && verifier_->is_good(entry)) return entry.hash;
    auto const block = state_.scratch.subspan(scratch_block, abi::frame_size);
    if (!io_.read(entry.place().offset(), block)) return std::nullopt;
    return store::frame_hash(entry.frame(), entry.type(), block);
}

// What a checkpoint sees of a frame.
Result<std::optional<DirectoryEntry>> Checker::seen(abi::FrameId frame, Generation at) {
    Generation birth;
    if (auto const* entry = state_.directories.find(frame, at, birth); entry != nullptr)
        return std::optional(*entry);
    auto const found = find_in_map(state_, io_, frame, at);
    if (found) return std::optional(found->entry);
    if (found.error == Error::io) return base::fail(Error::io);
    return std::optional<DirectoryEntry>();
}

// A damaged block is wrong in every checkpoint that sees it. The newest before them that has another, whole,
// content of the frame is its last good one.
Result<> Checker::name_damage(DirectoryEntry const& block, Corruption& corruption) {
    corruption.generation = state_.base;
    auto first = views();
    for (std::size_t i = 0; i < views(); ++i) {
        auto const entry = TRY(seen(block.frame(), views_[i]));
        if (!entry || entry->zero() || entry->place() != block.place()) continue;
        broken_[i] = true;
        first = std::min(first, i);
        corruption.generation = views_[i].raw();
    }
    result_.frames_damaged += corruption.generation == state_.newest().generation ? 1U : 0U;
    for (auto i = first == views() ? 0 : first; i > 0; --i) {
        auto const entry = TRY(seen(block.frame(), views_[i - 1]));
        if (!entry) break;
        if (!entry->zero() && hash_of(*entry) != entry->hash) continue;
        corruption.last_good = views_[i - 1].raw();
        break;
    }
    return {};
}

Result<> Checker::verify(DirectoryEntry const& block) {
    auto const found = hash_of(block);
    ++result_.blocks_verified;
    if (found == block.hash) return {};
    Corruption corruption;
    corruption.finding = found ? Finding::frame_hash : Finding::device;
    corruption.frame = block.frame();
    corruption.offset = block.place().offset();
    corruption.want = block.hash;
    corruption.got = found.value_or(0);
    TRY(name_damage(block, corruption));
    damage(corruption);
    return {};
}

// Every block that some view refers to, once for each frame, in the order of frames and then of directories:
// `each(DirectoryEntry const&)` gives a Result. False: the map cannot be read to its end.
template <class Each>
Result<bool> Checker::each_block(Each each) {
    auto const& list = state_.directories;
    result_.frames = 0;
    MapCursor map(state_, io_);
    auto at = map.start();
    while (at && !map.finished()) {
        // Frame by frame; not those versions that are waiting to be swept.
        group_.clear();
        auto const frame = map.current().entry.frame();
        for (; at && !map.finished() && map.current().entry.frame() == frame && group_.size() < leaf_capacity;
             at = map.advance())
            group_.add(map.current());
        if (!group_.newest().entry.absent() && list.find(frame) == nullptr) ++result_.frames;
        group_.keep_seen_by(points_.span());
        Result<> done;
        group_.for_each_block([&](LeafEntry const& version) {
            if (done) done = each(version.entry);
        });
        if (!done) return base::fail(done.error);
    }
    for (std::size_t i = 0; i < list.size(); ++i)
        for (auto const& entry : list.entries(i)) {
            if (list.find(entry.frame()) == &entry) ++result_.frames;
            if (entry.zero()) continue;
            auto const known = entry.shared() && i > 0 ? TRY(seen(entry.frame(), list[i - 1].generation()))
                                                       : std::optional<DirectoryEntry>();
            if (!known || known->zero() || known->place() != entry.place()) TRY(each(entry));
        }
    return static_cast<bool>(at);
}

Result<> Checker::frames() {
    if (verifier_ != nullptr) {
        TRY(each_block([this](DirectoryEntry const& block) {
            verifier_->add(block);
            return Result<>();
        }));
        verifier_->finish();
    }
    auto const& list = state_.directories;
    std::uint64_t total = state_.map_nodes * leaf_capacity / 2;
    for (std::size_t i = 0; i < list.size(); ++i) total += list[i].count;
    auto const whole = TRY(each_block([&](DirectoryEntry const& block) {
        auto const verified = verify(block);
        listener_.progress(CheckPhase::frames, result_.blocks_verified,
                           std::max(total, result_.blocks_verified));
        return verified;
    }));
    // A node that is bad in both copies was reported by the walk: the frames below it cannot be counted.
    if (!whole) std::fill(broken_.begin(), broken_.end(), true);
    for (std::size_t i = 0; i < views(); ++i) result_.checkpoints_readable += broken_[i] ? 0U : 1U;
    return {};
}

} // namespace checkpoint
