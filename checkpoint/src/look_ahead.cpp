// SPDX-License-Identifier: Apache-2.0
// The fold's walk: what it will come to is read before it does: the nodes that it must visit, and the blocks
// that it moves out of victims. What it comes to without, it reads then: a wrong guess costs time alone.
#include "migration.hpp"
#include "state.hpp"

#include <store/map_node.hpp>

namespace checkpoint {

using namespace abi::disk;

// Nearest first: the blocks of the leaf at hand, those of leaves that have arrived, then nodes.
void Migration::look_ahead() {
    if (spent() || path_.empty()) return;
    auto const depth = path_.size() - 1;
    if (cleaning_) {
        if (path_[depth].level == 0) look_ahead_in_leaf(node_memory(depth), path_[depth].ahead);
        for (auto& slot : ahead_.slots())
            if (slot.leaf && slot.state == AheadSlot::State::arrived && !slot.cleared &&
                verified(slot, slot.hash, 0))
                look_ahead_in_leaf(slot.memory, slot.looked);
    }
    for (auto i = path_.size(); i > 0; --i)
        if (path_[i - 1].level > 0) look_ahead_below(i - 1);
}

void Migration::look_ahead_in_leaf(base::ConstBytes node, std::size_t& at) {
    for (auto const count = store::node_header(node).count; at < count; ++at) {
        auto const entry = state_.moves.placed(store::leaf_entry(node, at)).entry;
        if (entry.zero() || entry.absent() || !state_.segments.is_victim(entry.place())) continue;
        auto* const slot = ahead_.begin(entry.place());
        if (slot == nullptr) return;
        slot->end = std::max(slot->end, entry.frame().number() + 1);
    }
}

// Children of a node of the path, as far as slots are free.
void Migration::look_ahead_below(std::size_t depth) {
    auto& level = path_[depth];
    auto& changes = changes_ahead_[depth];
    auto const node = node_memory(depth);
    level.ahead = std::max(level.ahead, level.at);
    for (; level.ahead < level.count && ahead_.room_for_nodes(); ++level.ahead) {
        auto const child = store::child_entry(node, level.ahead);
        auto const last = level.ahead + 1 == level.count;
        auto const end = last ? level.end : store::child_entry(node, level.ahead + 1).first.frame;
        if (level.ahead > 0) changes.skip_before(child.first.frame);
        auto const changed = !changes.finished() && changes.frame().number() < end;
        if (!sweeping_ && !changed) continue;
        auto* const slot = ahead_.begin(child.child.place[0]);
        if (slot == nullptr) return;
        slot->end = std::max(slot->end, end);
        slot->hash = child.child.hash;
        slot->leaf = level.level == 1;
    }
}

} // namespace checkpoint
