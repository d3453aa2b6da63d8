// SPDX-License-Identifier: Apache-2.0
// Spaces and their hardware tables.
#include <mapping/page_table.hpp>

#include <mapping/mapping_list.hpp>

#include <arch/direct_map.hpp>
#include <arch/tlb.hpp>
#include <core/processor.hpp>

#include <algorithm>
#include <cstring>

namespace kernel {

namespace {

using Bit = PageEntry::Bit;

std::size_t bucket_of(SpaceKey const& key) {
    auto const word = key.root.raw() ^ (std::uint64_t{key.rights.raw()} << 56);
    return static_cast<std::size_t>((word * 0x9e37'79b9'7f4a'7c15ull) >> 56);
}
SpaceKey key_of(Space const& space) { return {space.root, space.version, space.type, space.rights}; }
bool same(Space const& space, SpaceKey const& key) {
    return space.root == key.root && space.version == key.version && space.type == key.type &&
           space.rights == key.rights;
}

auto tables_of(Mappings& state, Space& space) {
    return base::IndexList(space.tables,
                           [&state](std::uint32_t i) -> base::ListLink& { return state.tables[i].in_space; });
}

PageTable& content(Mappings& state, TableIndex table) {
    return arch::page_table(physical_address(state.tables[table].frame));
}

// The child a non-leaf entry leads to. A table's frame remembers its table.
TableIndex child_of(Memory const& memory, PageEntry entry) { return memory.frames[entry.frame()].side; }

// A new empty table; no_index when neither the pool nor the free list gives one.
TableIndex make_table(Kernel& kernel, SpaceIndex space, TableIndex parent, unsigned level, UserAddress base) {
    auto& state = mappings(kernel);
    auto& frames = memory(kernel).frames;
    // Other spaces give way, those that have not run for longest first.
    while (frames.free_count() == 0 || state.tables.empty())
        if (!drop_oldest_space(kernel, space)) return no_index;
    auto const index = state.tables.allocate();
    auto const frame = frames.take(FrameState::page_table);
    frames[frame].side = index;
    auto& table = state.tables[index];
    table.frame = frame;
    table.base = base;
    table.space = space;
    table.parent = parent;
    table.level = static_cast<std::uint16_t>(level);
    auto const bytes = arch::frame_bytes(frame);
    std::memset(bytes.data(), 0, bytes.size());
    tables_of(state, state.spaces[space]).push_back(index);
    return index;
}

void free_table(Kernel& kernel, TableIndex index) {
    auto& state = mappings(kernel);
    auto& table = state.tables[index];
    tables_of(state, state.spaces[table.space]).remove(index);
    auto& frames = memory(kernel).frames;
    frames[table.frame].side = no_frame;
    frames.give_back(table.frame);
    state.tables.release(index);
}

void retire_in_table(Kernel& kernel, TableIndex index, std::uint64_t first, std::uint64_t last) {
    auto& state = mappings(kernel);
    auto const level = state.tables[index].level;
    auto const base = state.tables[index].base.raw();
    auto const shift = level_shift(level);
    auto const from = first <= base ? 0 : (first - base) >> shift;
    auto const to = std::min<std::uint64_t>((last - base) >> shift, page_table_entries - 1);
    for (auto slot = from; slot <= to && state.tables[index].present > 0; ++slot) {
        auto const entry = content(state, index).slots[slot].load();
        if (!entry.present()) continue;
        if (level == 1) retire_entry(kernel, mapping_reference(index, static_cast<unsigned>(slot)));
        else retire_in_table(kernel, child_of(memory(kernel), entry), first, last);
    }
}

} // namespace

PageTableSlot& entry_slot(Kernel& kernel, MappingReference reference) {
    return content(mappings(kernel), table_of(reference)).slots[slot_of(reference)];
}

UserAddress address_of(Kernel& kernel, MappingReference reference) {
    return mappings(kernel).tables[table_of(reference)].base +
           (std::uint64_t{slot_of(reference)} << abi::frame_bits);
}

Result<SpaceIndex> space_for(Kernel& kernel, SpaceKey key) {
    auto& state = mappings(kernel);
    if (state.loaded != no_index && same(state.spaces[state.loaded], key)) [[likely]]
        return state.loaded;
    for (auto at = state.space_heads[bucket_of(key)]; at != no_index; at = state.spaces[at].hash_next)
        if (same(state.spaces[at], key)) return at;
    if (state.spaces.empty() && !drop_oldest_space(kernel, no_index)) return fail(Error::no_memory);
    auto const index = state.spaces.allocate();
    auto& space = state.spaces[index];
    space.root = key.root;
    space.version = key.version;
    space.type = key.type;
    space.rights = key.rights;
    space.serial = state.next_serial++;
    space.last_used = state.clock;
    auto const top = make_table(kernel, index, no_index, page_table_levels, UserAddress());
    if (top == no_index) {
        space.serial = 0;
        state.spaces.release(index);
        return fail(Error::no_memory);
    }
    // The kernel's half is the same in every space.
    auto const& kernel_top = arch::page_table(arch::kernel_space());
    for (auto slot = user_top_entries; slot < page_table_entries; ++slot)
        content(state, top).slots[slot].store(kernel_top.slots[slot].load());
    space.top = top;
    auto& head = state.space_heads[bucket_of(key)];
    space.hash_next = head;
    head = index;
    return index;
}

Result<MappingReference> leaf_for(Kernel& kernel, SpaceIndex space, UserAddress address) {
    expects(address.raw() < user_address_end);
    auto& state = mappings(kernel);
    auto table = state.spaces[space].top;
    for (auto level = page_table_levels; level > 1; --level) {
        auto const index = table_index(address, level);
        auto const entry = content(state, table).slots[index].load();
        if (entry.present()) [[likely]] {
            table = child_of(memory(kernel), entry);
            continue;
        }
        auto const child =
            make_table(kernel, space, table, level - 1, address.aligned_down(level_shift(level)));
        if (child == no_index) return fail(Error::no_memory);
        auto const target = physical_address(state.tables[child].frame);
        content(state, table)
            .slots[index]
            .store(PageEntry(target, Bit::present | Bit::writable | Bit::user | Bit::accessed));
        ++state.tables[table].present;
        table = child;
    }
    return mapping_reference(table, table_index(address, 1));
}

MappingReference find_leaf(Kernel& kernel, SpaceIndex space, UserAddress address) {
    auto& state = mappings(kernel);
    auto table = state.spaces[space].top;
    for (auto level = page_table_levels; level > 1; --level) {
        auto const entry = content(state, table).slots[table_index(address, level)].load();
        if (!entry.present()) return base::ListLink::none;
        table = child_of(memory(kernel), entry);
    }
    return mapping_reference(table, table_index(address, 1));
}

void retire_range(Kernel& kernel, SpaceIndex space, UserAddress first, unsigned bits) {
    auto const start = first.raw();
    if (start >= user_address_end) return;
    auto const span = bits >= 48 ? user_address_end : std::uint64_t{1} << bits;
    auto const last = std::min(start + (span - 1), user_address_end - 1);
    // One page is the common case: no table is searched.
    if (bits == abi::frame_bits) {
        auto const leaf = find_leaf(kernel, space, first);
        if (leaf != base::ListLink::none && entry_slot(kernel, leaf).load().present())
            retire_entry(kernel, leaf);
        return;
    }
    retire_in_table(kernel, mappings(kernel).spaces[space].top, start, last);
}

void drop_space(Kernel& kernel, SpaceIndex index) {
    auto& state = mappings(kernel);
    auto& space = state.spaces[index];
    memory(kernel).frames.unsettle();
    if (state.loaded == index) {
        arch::load_space(arch::kernel_space());
        this_processor().space = arch::kernel_space();
        state.loaded = no_index;
    }
    for (auto at = space.tables.head; at != base::ListLink::none; at = state.tables[at].in_space.next) {
        if (state.tables[at].level != 1) continue;
        auto const base = state.tables[at].base.raw();
        retire_in_table(kernel, at, base, base + (std::uint64_t{1} << level_shift(2)) - 1);
    }
    while (space.tables.head != base::ListLink::none) free_table(kernel, space.tables.head);
    auto* at = &state.space_heads[bucket_of(key_of(space))];
    while (*at != index) at = &state.spaces[*at].hash_next;
    *at = space.hash_next;
    space.serial = 0;
    state.spaces.release(index);
}

bool drop_oldest_space(Kernel& kernel, SpaceIndex keep) {
    auto& state = mappings(kernel);
    SpaceIndex oldest = no_index;
    for (SpaceIndex i = 0; i < spaces_max; ++i) {
        auto const& space = state.spaces[i];
        if (space.serial == 0 || space.top == no_index || i == keep) continue;
        if (oldest == no_index || space.last_used < state.spaces[oldest].last_used) oldest = i;
    }
    if (oldest == no_index) return false;
    drop_space(kernel, oldest);
    return true;
}

} // namespace kernel
