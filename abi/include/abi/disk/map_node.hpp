// SPDX-License-Identifier: Apache-2.0
// Nodes of the object map: one copy-on-write tree keyed by (frame, generation of birth). A look-up at a
// checkpoint takes the newest birth not after it. Nodes are 4096 bytes, stand in two places, and their hash
// is with the pointer.
//   Invariant: keys rise strictly within a node; a child's keys lie from its key up to the next child's key.
//   Invariant: all versions of a frame stand in one leaf (there are at most checkpoints_at_most + 2), so the
//   frames of a node's children differ.
#pragma once

#include <abi/disk/directory.hpp>

#include <compare>

namespace abi::disk {

inline constexpr std::uint32_t node_magic = 0x65646f6e; // "node"

struct MapKey {
    std::uint64_t frame = 0; // number, 48 bits
    std::uint64_t birth = 0; // generation
    friend constexpr auto operator<=>(MapKey const&, MapKey const&) = default;
};
STELE_AT(MapKey, frame, 0);
STELE_AT(MapKey, birth, 8);
static_assert(sizeof(MapKey) == 16 && base::WireType<MapKey>);

struct NodeHeader {
    std::uint32_t magic = node_magic; // a block that is no node
    std::uint16_t level = 0;          // 0 = leaf: a pointer to another level
    std::uint16_t count = 0;          // entries, at least one
    Random128 store;                  // a node of another store
    std::array<std::uint64_t, 5> reserved{};
};
STELE_AT(NodeHeader, magic, 0);
STELE_AT(NodeHeader, level, 4);
STELE_AT(NodeHeader, count, 6);
STELE_AT(NodeHeader, store, 8);
STELE_AT(NodeHeader, reserved, 24);
static_assert(sizeof(NodeHeader) == 64 && base::WireType<NodeHeader>);

// Of a leaf. The flag `shared` is not kept here.
struct LeafEntry {
    DirectoryEntry entry;
    std::uint64_t birth = 0; // generation that wrote this content
    constexpr MapKey key() const { return {entry.frame().number(), birth}; }
};
STELE_AT(LeafEntry, entry, 0);
STELE_AT(LeafEntry, birth, 24);
static_assert(sizeof(LeafEntry) == 32 && base::WireType<LeafEntry>);

// From `birth` on the frame is as if never written.
constexpr LeafEntry absent_from(FrameId frame, std::uint64_t birth) {
    EntryFields fields;
    fields.frame = frame;
    fields.flags = base::Flags(EntryFlag::zero) | EntryFlag::absent;
    return {make_entry(fields), birth};
}

enum class ChildFlag : std::uint64_t {
    // in some leaf below the newest version of a frame is a live process: recovery finds them without a walk
    // over everything (R16)
    has_live = 1,
};

struct ChildEntry {
    MapKey first; // smallest key in the child
    TwinRef child;
    std::uint64_t flags = 0;
};
STELE_AT(ChildEntry, first, 0);
STELE_AT(ChildEntry, child, 16);
STELE_AT(ChildEntry, flags, 40);
static_assert(sizeof(ChildEntry) == 48 && base::WireType<ChildEntry>);

inline constexpr std::size_t node_size = 4096;
inline constexpr std::uint32_t sectors_per_node = 8;
inline constexpr std::size_t leaf_capacity = (node_size - sizeof(NodeHeader)) / sizeof(LeafEntry);
inline constexpr std::size_t child_capacity = (node_size - sizeof(NodeHeader)) / sizeof(ChildEntry);
static_assert(leaf_capacity == 126 && child_capacity == 84);
inline constexpr std::uint32_t node_levels = 8; // 126 * 84^7 entries exceed 2^48

} // namespace abi::disk
