// SPDX-License-Identifier: Apache-2.0
// Blocks that stand elsewhere than the map's leaves say.
#include "moves.hpp"

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

void Moves::init(Memory const& memory) {
    memory_ = memory;
    half_ = memory.moves.size() / 2;
}

Move const* Moves::find(MapKey const& key) const {
    auto const* const first = memory_.moves.data() + moves_at();
    auto const* const last = first + count_;
    auto const* const found = std::lower_bound(
        first, last, key, [](Move const& move, MapKey const& wanted) { return move.key < wanted; });
    return found != last && found->key == key ? found : nullptr;
}

void Moves::lose(Range const& keys) {
    if (lost_.first == lost_.end) lost_ = keys;
    lost_ = {std::min(lost_.first, keys.first), std::max(lost_.end, keys.end)};
}

LeafEntry Moves::placed(LeafEntry entry) const {
    if (count_ == 0 || entry.entry.zero()) return entry;
    auto const* const move = find(entry.key());
    if (move == nullptr) return entry;
    if (move->sector == 0) return absent_from(entry.entry.frame(), entry.birth);
    entry.entry.where = DirectoryEntry::Sector::set(entry.entry.where, move->sector);
    return entry;
}

bool Moves::gone(MapKey const& key) const {
    auto const* const move = find(key);
    return move != nullptr && move->sector == 0;
}

bool Moves::note(LeafEntry const& entry) {
    auto const next = memory_.moves.subspan(second_ ? 0 : half_, half_);
    expects(next_count_ < half_);
    if (next_count_ > 0 && next[next_count_ - 1].key >= entry.key()) return false;
    next[next_count_++] = {entry.key(), entry.entry.sector()};
    next_gone_ += entry.entry.sector() == 0 ? 1U : 0U;
    return true;
}

std::span<Twin> Moves::next_nodes() const {
    auto const half = memory_.nodes.size() / 2;
    return memory_.nodes.subspan(second_ ? 0 : half, half);
}

void Moves::adopt(std::size_t nodes) {
    expects(nodes <= next_nodes().size());
    second_ = !second_;
    count_ = next_count_;
    gone_ = next_gone_;
    nodes_ = nodes;
}

} // namespace checkpoint
