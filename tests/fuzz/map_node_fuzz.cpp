// SPDX-License-Identifier: Apache-2.0
// Nodes of the object map: a node that is verified is one that every look-up can use.
//   Input: u64 frame, u64 birth, u32 level asked for (8 and above: any), u32 unused, then the node.
#include "harness.hpp"
#include "mutator.hpp"

#include <store/map_node.hpp>

namespace {

using namespace abi::disk;
using fuzz::require;

constexpr std::size_t header = 24;
constexpr Random128 identity{11, 12};
constexpr store::Geometry geometry{14, 64};

// The hash stands with the pointer, so only what every node has is put right.
void repair(base::Bytes input) {
    auto const node = input.subspan(header, node_size);
    base::write(node, offsetof(NodeHeader, magic), node_magic);
    base::write(node, offsetof(NodeHeader, store), identity);
    auto found = store::node_header(node);
    found.level %= node_levels;
    auto const most = found.level == 0 ? leaf_capacity : child_capacity;
    found.count = static_cast<std::uint16_t>(found.count % (most + 1));
    base::write(node, 0, found);
}

MapKey key_of(base::ConstBytes node, std::size_t index) {
    return store::node_header(node).level == 0 ? store::leaf_entry(node, index).key()
                                               : store::child_entry(node, index).first;
}

void check_keys(base::ConstBytes node) {
    auto const found = store::node_header(node);
    require(found.count >= 1 && found.count <= (found.level == 0 ? leaf_capacity : child_capacity),
            "a node has entries, and no more than it can");
    for (std::size_t i = 1; i < found.count; ++i) require(key_of(node, i - 1) < key_of(node, i), "keys rise");
    for (std::size_t i = 0; i < found.count; ++i) {
        if (found.level > 0) {
            for (auto const place : store::child_entry(node, i).child.place)
                require(geometry.in_log(place), "children stand in the log");
            continue;
        }
        auto const entry = store::leaf_entry(node, i).entry;
        require(entry.zero() ? entry.sector() == 0 : geometry.in_log(entry.place()), "blocks do too");
        require(entry.frame().number() != 0, "a frame has a number");
    }
}

void check_look_up(base::ConstBytes node, MapKey key) {
    auto const found = store::node_header(node);
    std::size_t count = 0;
    while (count < found.count && key_of(node, count) <= key) ++count;
    require(store::entries_up_to(node, key) == count, "a look-up finds what a walk finds");
    if (found.level > 0) {
        auto const child = store::child_for(node, key);
        require(child.has_value() == (count > 0) && (!child || child->first <= key), "the child for a key");
        return;
    }
    auto const entry = store::find_in_leaf(node, key);
    auto const there = count > 0 && key_of(node, count - 1).frame == key.frame;
    require(entry.has_value() == there, "the newest birth not after it, or none");
    require(!entry || (entry->birth <= key.birth && entry->entry.frame().number() == key.frame), "of it");
}

constexpr fuzz::Shape shape{header + node_size, 0, repair};

} // namespace

STELE_FUZZ_MUTATOR(shape)

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::Input input(fuzz::bytes_of_input(data, size));
    MapKey key;
    key.frame = input.take<std::uint64_t>();
    key.birth = input.take<std::uint64_t>();
    auto const level = input.take<std::uint32_t>();
    input.take<std::uint32_t>();
    auto const node = input.take_bytes(node_size);
    store::NodeExpectation want{store::hash64(HashSeed::map_node, node), std::nullopt, identity};
    if (level < node_levels) want.level = static_cast<std::uint16_t>(level);
    if (!store::verify_node(node, want, geometry)) return 0;
    require(!want.level || store::node_header(node).level == *want.level, "a node is of its level");
    check_keys(node);
    check_look_up(node, key);
    for (std::size_t i = 0; i < store::node_header(node).count; ++i) check_look_up(node, key_of(node, i));
    return 0;
}
