// SPDX-License-Identifier: Apache-2.0
// State of the mapping area: hardware page tables, spaces, mapping lists, dependencies. All of it is a cache.
//   Every present leaf entry is on the mapping list of its frame (R8), except those of device windows.
//   Every present leaf entry made through a node has a depend entry for that node and its space.
//   A writable leaf entry is a grant: its slot stands in its table's set (R9); its frame is not frozen.
#pragma once

#include <arch/page_entry.hpp>
#include <core/pool.hpp>
#include <mapping/slot_set.hpp>
#include <object/capability.hpp>

#include <base/fixed_vector.hpp>

#include <array>
#include <cstdint>

namespace kernel {

using SpaceIndex = std::uint32_t;
using TableIndex = std::uint32_t;

// One hardware page table. Slot addresses follow from base and level.
struct HardwareTable {
    std::uint32_t pool_link = no_index;
    FrameIndex frame = no_frame;
    UserAddress base;
    SpaceIndex space = no_index;
    TableIndex parent = no_index; // none: top level
    std::uint16_t level = 0;
    std::uint16_t present = 0; // entries
    base::ListLink in_space;
    base::ListLink armed; // on Mappings::armed while there is any grant
    SlotSet grants;       // leaf tables only
};

// A hardware address space: one per (root object, version, restrictions).
struct Space {
    std::uint32_t pool_link = no_index;
    abi::ObjectId root;
    abi::Version version;
    abi::CapabilityType type = abi::CapabilityType::null;
    abi::Rights rights;
    std::uint32_t serial = 0; // depend entries of an earlier use of this place are ignored
    SpaceIndex hash_next = no_index;
    TableIndex top = no_index;
    base::ListHead tables;
    std::uint64_t last_used = 0;
};

// Further mappings of a frame; the first stands in its header.
struct MappingNode {
    std::uint32_t pool_link = no_index; // the next one, too
    std::uint32_t reference = base::ListLink::none;
};

// 24 bytes: the pool is sized by memory.
struct DependEntry {
    std::uint32_t pool_link = no_index; // the next one in the bucket, too
    std::uint32_t node = no_index;      // depend_key of the node; no_index: not in use
    SpaceIndex space = no_index;
    std::uint32_t serial = 0;
    UserAddress base;
};
static_assert(sizeof(DependEntry) == 24);

// Device memory (and the DMA arena) mapped into a non-persistent space by DeviceMemory.map.
// Not a cache: dies with the boot.
struct DeviceWindow {
    abi::ObjectId root;
    abi::Version version; // of the root: its successor at the same place has no window
    UserAddress address;
    PhysicalAddress physical;
    std::uint64_t bytes = 0;
    bool cached = false;
};

inline constexpr std::size_t spaces_max = 256;
inline constexpr std::size_t space_buckets = 256;
inline constexpr std::size_t device_windows_max = 32;

struct Mappings {
    Pool<HardwareTable> tables;
    Pool<MappingNode> nodes;
    Pool<DependEntry> depends;
    std::span<std::uint32_t> depend_buckets{};
    std::uint32_t depend_hand = 0; // the next victim of a full table
    std::array<Space, spaces_max> space_storage{};
    Pool<Space> spaces;
    std::array<SpaceIndex, space_buckets> space_heads{};
    base::FixedVector<DeviceWindow, device_windows_max> windows;
    base::ListHead armed;
    std::uint32_t next_serial = 1;
    std::uint64_t clock = 0;      // counts load_space calls: age of spaces
    SpaceIndex loaded = no_index; // the space in the processor's cr3
    // Of all tables: each may make a frame dirty without a fault (R29).
    std::uint32_t grants = 0;

    // Counts since boot.
    std::uint64_t faults = 0;
    std::uint64_t harvested = 0;
};

Mappings& mappings(Kernel& kernel);
Mappings const& mappings(Kernel const& kernel);

} // namespace kernel
