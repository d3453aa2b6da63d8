// SPDX-License-Identifier: Apache-2.0
// Reading nodes of the object map.
#include <store/map_node.hpp>

namespace store {

using namespace abi::disk;

NodeHeader node_header(base::ConstBytes node) { return base::read<NodeHeader>(node); }

LeafEntry leaf_entry(base::ConstBytes node, std::size_t index) {
    return base::read<LeafEntry>(node, sizeof(NodeHeader) + index * sizeof(LeafEntry));
}

ChildEntry child_entry(base::ConstBytes node, std::size_t index) {
    return base::read<ChildEntry>(node, sizeof(NodeHeader) + index * sizeof(ChildEntry));
}

bool valid_entry(DirectoryEntry const& entry, Geometry const& geometry, std::uint8_t flags) {
    auto const raw = entry.flags().raw();
    if ((raw & ~flags) != 0) return false;
    if (static_cast<std::uint8_t>(entry.type()) >= abi::frame_type_count) return false;
    if (entry.frame().number() == 0) return false;
    if (entry.live() && entry.type() != abi::FrameType::process) return false;
    if (entry.absent() &&
        (!entry.zero() || entry.type() != abi::FrameType::free || entry.mark() != abi::Version()))
        return false;
    if (entry.zero()) return entry.sector() == 0 && entry.hash == 0 && !entry.shared();
    return geometry.in_log(entry.place());
}

bool verify_node(base::ConstBytes node, NodeExpectation const& want, Geometry const& geometry) {
    if (hash64(HashSeed::map_node, node.first(node_size)) != want.hash) return false;
    auto const header = node_header(node);
    auto const leaf = header.level == 0;
    if (header.magic != node_magic || header.level >= node_levels || header.store != want.store) return false;
    if (want.level && header.level != *want.level) return false;
    if (header.count == 0 || header.count > (leaf ? leaf_capacity : child_capacity)) return false;
    MapKey last{};
    for (std::size_t i = 0; i < header.count; ++i) {
        auto const key = leaf ? leaf_entry(node, i).key() : child_entry(node, i).first;
        // The versions of a frame are in one leaf: children begin with different frames.
        if (i > 0 && (leaf ? key <= last : key.frame <= last.frame)) return false;
        last = key;
        if (leaf ? !valid_entry(leaf_entry(node, i).entry, geometry, leaf_flags_known)
                 : !geometry.in_log(child_entry(node, i).child.place))
            return false;
    }
    return true;
}

std::size_t entries_up_to(base::ConstBytes node, MapKey key) {
    auto const header = node_header(node);
    std::size_t low = 0;
    std::size_t high = header.count;
    while (low < high) {
        auto const middle = (low + high) / 2;
        auto const at = header.level == 0 ? leaf_entry(node, middle).key() : child_entry(node, middle).first;
        if (at <= key) low = middle + 1;
        else high = middle;
    }
    return low;
}

std::optional<LeafEntry> find_in_leaf(base::ConstBytes node, MapKey key) {
    auto const count = entries_up_to(node, key);
    if (count == 0) return std::nullopt;
    auto const entry = leaf_entry(node, count - 1);
    if (entry.entry.frame().number() != key.frame) return std::nullopt;
    return entry;
}

std::optional<ChildEntry> child_for(base::ConstBytes node, MapKey key) {
    auto const count = entries_up_to(node, key);
    if (count == 0) return std::nullopt;
    return child_entry(node, count - 1);
}

} // namespace store
