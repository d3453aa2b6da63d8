// SPDX-License-Identifier: Apache-2.0
// Builds the nodes of a new map from entries in rising order and from subtrees of the old one that did not
// change. Each level gathers up to two nodes' entries, so that what is left at the end is
// split evenly, not as a sliver. A leaf ends where the versions of a frame end: all of them stand in one
// leaf.
//   Every call that returns false did nothing: the streams have no buffer free; write on, then repeat the
//   call.
#pragma once

#include <store/log_stream.hpp>
#include <store/map_node.hpp>

#include <abi/disk/checkpoint_table.hpp>

#include <array>

namespace store {

class MapBuilder {
public:
    // `memory`: memory_size bytes. The two copies of every node go to the two streams.
    static constexpr std::size_t memory_size = abi::disk::node_levels * 2 * abi::disk::node_size;
    struct Setup {
        LogStream* first = nullptr;
        LogStream* second = nullptr;
        Segments* segments = nullptr; // told of every node made
        base::Bytes memory;
        base::Bytes node; // one node's scratch
        Random128 store;
    };
    void init(Setup const& setup) { setup_ = setup; }
    // The places of every node made go into `list`, which must be large enough; empty: nobody wants them.
    void start(std::span<abi::disk::Twin> list = {});

    // All versions of one frame, births rising, at most group_at_most.
    bool add(std::span<LeafEntry const> versions);
    static constexpr std::size_t group_at_most = abi::disk::checkpoints_at_most + 2;
    // A child of level `level` of the old map, unchanged.
    bool link(ChildEntry const& child, std::uint16_t level);
    // Something waits in levels up to `level`, yet too little for a node of its own:
    // better to merge what comes next.
    bool wants_more(std::uint16_t level) const;
    // Instead of a walk: the old map as it is.
    void keep(TwinRef const& root) { root_ = root; }
    // True when done; then root() is valid.
    bool finish();
    TwinRef root() const { return root_; }
    std::uint64_t nodes_made() const { return nodes_made_; }
    bool out_of_space() const { return out_of_space_; }

private:
    static constexpr std::size_t capacity(std::size_t level) {
        return level == 0 ? abi::disk::leaf_capacity : abi::disk::child_capacity;
    }
    base::Bytes memory(std::size_t level) const {
        return setup_.memory.subspan(level * 2 * abi::disk::node_size, 2 * abi::disk::node_size);
    }
    bool close(std::size_t level);
    bool emit(std::size_t level, std::size_t count);
    bool make_room(std::size_t level, std::size_t entries);
    bool group_ends(std::size_t level, std::size_t count) const;
    std::size_t most_at_once(std::size_t level) const;
    std::size_t split(std::size_t level) const;
    void push(std::size_t level, ChildEntry const& child);
    bool nothing_above(std::size_t level) const;
    ChildEntry summary(std::size_t level, std::size_t count) const;

    Setup setup_;
    std::array<std::size_t, abi::disk::node_levels> counts_{};
    TwinRef root_;
    std::span<abi::disk::Twin> list_;
    std::uint64_t nodes_made_ = 0;
    bool out_of_space_ = false;
};

} // namespace store
