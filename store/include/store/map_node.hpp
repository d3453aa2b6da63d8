// SPDX-License-Identifier: Apache-2.0
// Reading nodes of the object map. A node's bytes are trusted after verify_node and not before.
#pragma once

#include <abi/disk/map_node.hpp>
#include <store/geometry.hpp>
#include <store/hash.hpp>

#include <optional>

namespace store {

using abi::disk::ChildEntry;
using abi::disk::DirectoryEntry;
using abi::disk::LeafEntry;
using abi::disk::MapKey;
using abi::disk::NodeHeader;
using abi::disk::Random128;

struct NodeExpectation {
    std::uint64_t hash = 0;
    std::optional<std::uint16_t> level; // none: the root, of any level
    Random128 store;
};

// Hash, header, order of keys, places in range.
bool verify_node(base::ConstBytes node, NodeExpectation const& want, Geometry const& geometry);
// The structure of one entry: known type and flags, a place in the log or none. `flags`: those that may be
// set, of a directory's entry or of a leaf's.
bool valid_entry(DirectoryEntry const& entry, Geometry const& geometry,
                 std::uint8_t flags = abi::disk::directory_flags_known);

NodeHeader node_header(base::ConstBytes node);
LeafEntry leaf_entry(base::ConstBytes node, std::size_t index);
ChildEntry child_entry(base::ConstBytes node, std::size_t index);
// Number of entries whose key is at most `key`.
std::size_t entries_up_to(base::ConstBytes node, MapKey key);
// In a leaf: the newest birth of the key's frame not after the key's birth.
std::optional<LeafEntry> find_in_leaf(base::ConstBytes node, MapKey key);
// In an inner node: the child that may hold it.
std::optional<ChildEntry> child_for(base::ConstBytes node, MapKey key);

} // namespace store
