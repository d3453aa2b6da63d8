// SPDX-License-Identifier: Apache-2.0
// Incremental collection of object-table entries (R4, F19): a pass marks the entries that some capability
// slot in memory points to, and frees the others. Why it is right: a prepared capability reaches a slot by a
// prepare, which marks its entry, or by store_capability from another slot, which flags the destination frame
// (`stored since scan`); flagged frames are scanned again before the sweep. After three rounds every store
// marks its entry itself, so the round that follows finds no new one. Why it ends: each prepare takes at
// least one step of 8 slots while a pass runs; a pass is at most 5 rounds over the slots in memory. A full
// table only means that prepares stay unprepared meanwhile.
#pragma once

#include <object/object_table.hpp>

namespace kernel {

inline constexpr std::uint32_t slots_per_step = 8;

// One step, of about `slots` slots or entries; starts a pass when the table is more than half used.
void collect_step(Kernel& kernel, std::uint32_t slots = slots_per_step);
// Starts a pass now unless one runs, and finishes it. For amnesia and tests; not bounded.
void collect_all(Kernel& kernel);

} // namespace kernel
