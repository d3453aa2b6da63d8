// SPDX-License-Identifier: Apache-2.0
// Root slots as bytes.
#include <store/root_slots.hpp>

#include <cstring>

namespace store {

using abi::disk::root_slot_hash_from;
using abi::disk::root_slot_used;
using abi::disk::sector_size;

void encode_slot(RootSlot slot, base::Bytes sector) {
    expects(sector.size() == sector_size);
    std::memset(sector.data(), 0, sector.size());
    base::write(sector, 0, slot);
    slot.hash = hash128(HashSeed::root_slot, sector.subspan(root_slot_hash_from));
    base::write(sector, 0, slot);
}

SlotState decode_slot(base::ConstBytes sector, std::uint32_t index) {
    SlotState state;
    state.slot = base::read<RootSlot>(sector);
    state.index = index;
    state.readable = true;
    state.magic_matches = state.slot.magic == abi::disk::root_magic;
    state.hash_found = hash128(HashSeed::root_slot, sector.first(sector_size).subspan(root_slot_hash_from));
    state.hash_matches = state.hash_found == state.slot.hash;
    Geometry const geometry{state.slot.segment_shift, state.slot.segments};
    state.fields_valid = state.slot.slot == index && geometry.valid() && geometry.in_log(state.slot.record) &&
                         geometry.in_log(state.slot.next) && state.slot.record[0].count() == 1 &&
                         state.slot.record[1].count() == 1 && state.slot.next[0].count() == 1 &&
                         state.slot.next[1].count() == 1 && state.slot.generation != 0;
    return state;
}

} // namespace store
