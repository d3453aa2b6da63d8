// SPDX-License-Identifier: Apache-2.0
// The mappings of a frame, and the death of an entry.
#include <mapping/mapping_list.hpp>

#include <arch/tlb.hpp>

namespace kernel {

namespace {

// Device windows map what is no frame of the cache: such entries are on no list.
bool listed(Memory const& memory, FrameIndex frame) {
    return frame < memory.frames.size() && memory.frames[frame].state != FrameState::reserved;
}

auto armed_list(Mappings& state) {
    return base::IndexList(state.armed,
                           [&state](std::uint32_t i) -> base::ListLink& { return state.tables[i].armed; });
}

void remove_mapping(Kernel& kernel, FrameIndex index, MappingReference reference) {
    auto& state = mappings(kernel);
    auto& frame = memory(kernel).frames[index];
    if (frame.first_mapping == reference) {
        frame.first_mapping = base::ListLink::none;
        if (frame.more_mappings == no_index) return;
        // The inline place is filled from the pool, so that one mapping costs no node.
        auto const node = frame.more_mappings;
        frame.first_mapping = state.nodes[node].reference;
        frame.more_mappings = state.nodes[node].pool_link;
        state.nodes.release(node);
        return;
    }
    auto* at = &frame.more_mappings;
    while (*at != no_index && state.nodes[*at].reference != reference) at = &state.nodes[*at].pool_link;
    invariant(*at != no_index);
    auto const node = *at;
    *at = state.nodes[node].pool_link;
    state.nodes.release(node);
}

} // namespace

void add_mapping(Kernel& kernel, FrameIndex index, MappingReference reference) {
    auto& state = mappings(kernel);
    auto& frame = memory(kernel).frames[index];
    if (frame.first_mapping == base::ListLink::none) [[likely]] {
        frame.first_mapping = reference;
        return;
    }
    // An empty pool: the frame's own first mapping gives way, and faults again when it is used.
    if (state.nodes.empty()) {
        retire_entry(kernel, frame.first_mapping);
        add_mapping(kernel, index, reference);
        return;
    }
    auto const node = state.nodes.allocate();
    state.nodes[node].reference = reference;
    state.nodes[node].pool_link = frame.more_mappings;
    frame.more_mappings = node;
}

void retire_entry(Kernel& kernel, MappingReference reference) {
    auto& state = mappings(kernel);
    auto& table = state.tables[table_of(reference)];
    auto const entry = entry_slot(kernel, reference).exchange(PageEntry());
    expects(entry.present() && table.level == 1);
    --table.present;
    flush_translation(kernel, table.space, address_of(kernel, reference));
    auto& memory = kernel::memory(kernel);
    auto const frame = entry.frame();
    if (!listed(memory, frame)) return;
    if (has_grant(kernel, reference)) clear_grant(kernel, reference);
    if (entry.has(PageEntry::Bit::dirty)) fold_dirty(memory, frame);
    if (entry.has(PageEntry::Bit::accessed)) memory.frames[frame].set(PageFrame::referenced);
    remove_mapping(kernel, frame, reference);
}

void retire_mappings(Kernel& kernel, FrameIndex frame) {
    auto const& header = memory(kernel).frames[frame];
    while (header.first_mapping != base::ListLink::none) retire_entry(kernel, header.first_mapping);
}

void fold_dirty(Memory& memory, FrameIndex index) {
    auto const& frame = memory.frames[index];
    // A frozen frame's entries have neither write permission nor a dirty bit,
    // so this is a write of the epoch.
    if (frame.state == FrameState::clean || frame.state == FrameState::stabilising) make_dirty(memory, index);
}

void set_grant(Kernel& kernel, MappingReference reference) {
    auto& state = mappings(kernel);
    auto& grants = state.tables[table_of(reference)].grants;
    auto const slot = slot_of(reference);
    if (grants.has(slot)) return;
    if (grants.empty()) armed_list(state).push_back(table_of(reference));
    grants.insert(slot);
    ++state.grants;
}

void clear_grant(Kernel& kernel, MappingReference reference) {
    auto& state = mappings(kernel);
    auto& grants = state.tables[table_of(reference)].grants;
    auto const slot = slot_of(reference);
    expects(grants.has(slot));
    grants.remove(slot);
    --state.grants;
    if (grants.empty()) armed_list(state).remove(table_of(reference));
}

bool has_grant(Kernel& kernel, MappingReference reference) {
    return mappings(kernel).tables[table_of(reference)].grants.has(slot_of(reference));
}

void flush_translation(Kernel& kernel, SpaceIndex space, UserAddress address) {
    // Other spaces' translations die with the next load of cr3: entries are not global and carry no tag.
    if (mappings(kernel).loaded == space) arch::flush_page(address);
}

} // namespace kernel
