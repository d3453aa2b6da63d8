// SPDX-License-Identifier: Apache-2.0
// Hardware page tables of the spaces: found by root, grown on demand, dropped at will.
#pragma once

#include <mapping/tables.hpp>

#include <base/result.hpp>

namespace kernel {

// Reference to a leaf entry: table index and slot in one word.
using MappingReference = std::uint32_t;
constexpr MappingReference mapping_reference(TableIndex table, unsigned slot) {
    return (table << page_table_index_bits) | slot;
}
constexpr TableIndex table_of(MappingReference reference) { return reference >> page_table_index_bits; }
constexpr unsigned slot_of(MappingReference reference) { return reference & (page_table_entries - 1); }

PageTableSlot& entry_slot(Kernel& kernel, MappingReference reference);
UserAddress address_of(Kernel& kernel, MappingReference reference);

struct SpaceKey {
    abi::ObjectId root;
    abi::Version version;
    abi::CapabilityType type;
    abi::Rights rights;
};
// The space of a root, made if there is none. no_memory: no frame for its top-level table.
Result<SpaceIndex> space_for(Kernel& kernel, SpaceKey key);

// The leaf entry of an address, its tables made on the way. no_memory.
Result<MappingReference> leaf_for(Kernel& kernel, SpaceIndex space, UserAddress address);
// The leaf entry if its table exists; ListLink::none otherwise.
MappingReference find_leaf(Kernel& kernel, SpaceIndex space, UserAddress address);

// Retires every leaf entry of [first, first + 2^bits) in a space; cost by what is mapped there.
void retire_range(Kernel& kernel, SpaceIndex space, UserAddress first, unsigned bits);
// Drops a space's tables and the space itself; the loaded one gives way to the kernel's own.
void drop_space(Kernel& kernel, SpaceIndex space);
// Drops the space that was not loaded for longest, but not `keep`; false: there is none to drop.
bool drop_oldest_space(Kernel& kernel, SpaceIndex keep = no_index);

} // namespace kernel
