// SPDX-License-Identifier: Apache-2.0
// Blocks that stand elsewhere than the map's leaves say. Emptying segments moves blocks of frames all over
// the map: to write every leaf anew, twice, would cost as much as the blocks. So moves are kept beside the
// map, in a small tree of the same nodes: a leaf entry there stands for the map's entry with the same key. It
// is in memory whole. A fold that writes most leaves anyway brings the moves into the map, and ends the tree.
//   Invariant: whoever reads a leaf of the map passes its entries through placed().
//   A version that no checkpoint sees loses its block at once, where a segment is emptied: there it has an
//   entry that says so, until a fold takes the version out of the map.
//   A key is never used twice: a move whose entry the map has dropped does no harm, and the next tree is made
//   without it.
#pragma once

#include <abi/disk/map_node.hpp>
#include <base/contract.hpp>

#include <cstdint>
#include <span>

namespace checkpoint {

struct Move {
    abi::disk::MapKey key;
    std::uint64_t sector = 0; // where the block stands; 0: it is gone
};

class Moves {
public:
    // What is in force, and what a pass makes: each half of the memory.
    struct Memory {
        std::span<Move> moves;
        std::span<abi::disk::Twin> nodes;
    };
    // For `entries` at most, half of which may be new in one pass. Two consecutive leaves hold more than one
    // is large enough for; a level above is smaller by more than twenty.
    static constexpr std::size_t memory_moves(std::size_t entries) { return 2 * entries; }
    static constexpr std::size_t memory_nodes(std::size_t entries) { return 2 * (entries / 56 + 16); }
    void init(Memory const& memory);

    std::size_t size() const { return count_; }
    // The next pass that empties segments must bring them into the map.
    bool many() const { return count_ > half_ / 2; }
    std::size_t fresh_at_most() const { return half_ / 2; }
    // Keys from `first` up to `end`.
    struct Range {
        abi::disk::MapKey first, end;
    };
    // Nothing is known any more of the moves in that range (and between two of them).
    void lose(Range const& keys);
    bool lost(abi::disk::MapKey const& key) const { return lost_.first <= key && key < lost_.end; }
    // The entry with the place where its block stands now; absent if that is gone.
    abi::disk::LeafEntry placed(abi::disk::LeafEntry entry) const;
    bool gone(abi::disk::MapKey const& key) const;
    std::size_t gone() const { return gone_; }
    bool has(abi::disk::MapKey const& key) const { return find(key) != nullptr; }
    // Places of the tree's nodes.
    std::span<abi::disk::Twin const> nodes() const { return {memory_.nodes.data() + nodes_at(), nodes_}; }

    // The next tree's, in order of their keys.
    void begin() { next_count_ = next_gone_ = 0; }
    bool full() const { return next_count_ == half_; }
    // False: its key does not come after the last one's.
    bool note(abi::disk::LeafEntry const& entry);
    std::span<abi::disk::Twin> next_nodes() const;
    // It is in force, with so many nodes.
    void adopt(std::size_t nodes);
    void clear() { count_ = nodes_ = gone_ = 0; }

private:
    Move const* find(abi::disk::MapKey const& key) const;
    std::size_t moves_at() const { return second_ ? half_ : 0; }
    std::size_t nodes_at() const { return second_ ? memory_.nodes.size() / 2 : 0; }

    Memory memory_;
    std::size_t half_ = 0;
    bool second_ = false; // which half is in force
    std::size_t count_ = 0;
    std::size_t nodes_ = 0;
    std::size_t gone_ = 0;
    std::size_t next_count_ = 0, next_gone_ = 0;
    Range lost_; // none
};

} // namespace checkpoint
