// SPDX-License-Identifier: Apache-2.0
// Root slots as bytes: making one, and saying of bytes whether they are one and what is wrong with them.
#pragma once

#include <abi/disk/root_slot.hpp>
#include <store/geometry.hpp>
#include <store/hash.hpp>

namespace store {

using abi::disk::RootSlot;

// A copy of a root slot as it stands on the disk.
struct SlotState {
    RootSlot slot;
    std::uint32_t index = 0; // 0 or 1
    std::uint32_t copy = 0;  // 0 at the front, 1 at the end
    std::uint64_t offset = 0;
    bool readable = false; // the device gave it
    bool magic_matches = false;
    bool hash_matches = false;
    bool fields_valid = false; // index, geometry and places are in range
    Hash128 hash_found;        // computed
    bool valid() const { return readable && magic_matches && hash_matches && fields_valid; }
};

// Fills in the hash and writes the slot into a sector.
void encode_slot(RootSlot slot, base::Bytes sector);
// `sector` was read from the place of slot `index`.
SlotState decode_slot(base::ConstBytes sector, std::uint32_t index);

} // namespace store
