// SPDX-License-Identifier: Apache-2.0
// Frame → the page-table entries that map it (R8), and retire_entry, the one place where an entry dies (R9).
#pragma once

#include <mapping/page_table.hpp>

namespace kernel {

// Records an entry on its frame's list. The pool never runs out for good: another mapping is retired instead.
void add_mapping(Kernel& kernel, FrameIndex frame, MappingReference reference);

// Clears a leaf entry, folds its dirty bit into its frame's header, takes it off the frame's list, flushes.
void retire_entry(Kernel& kernel, MappingReference reference);
// All entries of a frame.
void retire_mappings(Kernel& kernel, FrameIndex frame);

// The processor has set an entry's dirty bit: the frame was written in this epoch.
void fold_dirty(Memory& memory, FrameIndex frame);

// A grant's slot in its table's set; the table is armed while it has any.
void set_grant(Kernel& kernel, MappingReference reference);
void clear_grant(Kernel& kernel, MappingReference reference);
bool has_grant(Kernel& kernel, MappingReference reference);

// The translation of an address in a space is stale: flushed now if that space is loaded.
void flush_translation(Kernel& kernel, SpaceIndex space, UserAddress address);

// Calls visit(reference) for each entry of the frame; visit must not change the list.
template <class Visit>
void each_mapping(Kernel& kernel, FrameIndex frame, Visit visit) {
    auto const& header = memory(kernel).frames[frame];
    if (header.first_mapping == base::ListLink::none) return;
    visit(header.first_mapping);
    auto& nodes = mappings(kernel).nodes;
    for (auto at = header.more_mappings; at != no_index; at = nodes[at].pool_link) visit(nodes[at].reference);
}

} // namespace kernel
