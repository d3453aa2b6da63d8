// SPDX-License-Identifier: Apache-2.0
// Verified map nodes in memory, found by their place and hash: a place that was written anew is another key.
#pragma once

#include <abi/disk/map_node.hpp>
#include <base/bytes.hpp>
#include <store/geometry.hpp>

#include <cstring>
#include <span>

namespace store {

struct CachedNode {
    TwinRef ref;
    base::Bytes memory;
};

class NodeCache {
public:
    void init(std::span<CachedNode> nodes) { nodes_ = nodes; }
    // Empty when it is not there. Valid until the next insert.
    base::ConstBytes find(TwinRef const& ref) const {
        if (nodes_.empty()) return {};
        auto const& node = nodes_[slot(ref)];
        return !ref.none() && node.ref == ref ? base::ConstBytes(node.memory) : base::ConstBytes();
    }
    void insert(TwinRef const& ref, base::ConstBytes bytes) {
        if (nodes_.empty()) return;
        auto& node = nodes_[slot(ref)];
        node.ref = ref;
        std::memcpy(node.memory.data(), bytes.data(), abi::disk::node_size);
    }

private:
    std::size_t slot(TwinRef const& ref) const {
        return static_cast<std::size_t>(ref.place[0].first() / abi::disk::sectors_per_node) % nodes_.size();
    }
    std::span<CachedNode> nodes_;
};

} // namespace store
