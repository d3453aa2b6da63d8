// SPDX-License-Identifier: Apache-2.0
// Where frames come from when memory is full, and the guard that keeps copy-aside from ever failing.
#pragma once

#include <mapping/retire.hpp>

namespace kernel {

// A frame in `state` (clean or transient; unnamed; content undefined): off the free list while the reserve
// holds, else by eviction of a clean one. no_memory: everything is pinned or dirty; the epoch is asked to end
// early; wait for drain or commit.
Result<FrameIndex> obtain_frame(Kernel& kernel, FrameState state);

// Asked at the start of a unit: side copies, page tables and dirty frames for it can be had. Evicts if need
// be; look-ups and writes themselves never do. no_memory as above, for persistent processes only: the
// residents' few writes into persistent frames live on the difference, so that the migrator can always drain.
enum class Urgency : std::uint8_t { normal, resident };
// The same without evicting: true when there is room as it is.
bool has_room_for_writes(Memory const& memory);
Result<> admit_writes(Kernel& kernel, Urgency urgency);

// A named, unpinned, clean persistent frame leaves memory; false: it may not (pinned, or dirty after its
// entries' dirty bits were folded).
bool evict_frame(Kernel& kernel, FrameIndex frame);
// The non-persistent frame is given back to the free list (FrameRange.rescind).
void free_transient(Kernel& kernel, FrameIndex frame);

// Amnesia: drops all spaces, mapping lists, depend entries and object-table
// objects, and evicts every clean frame but those that came for somebody since the last time.
void drop_all(Kernel& kernel);

} // namespace kernel
