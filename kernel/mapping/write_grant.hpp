// SPDX-License-Identifier: Apache-2.0
// Write grants (R9): a leaf entry with write permission, remembered in its table's set. Made by the first
// write fault, kept over snapshots, withdrawn after clean_harvests_max harvests that found the page clean.
//   Software bits of the entry count the clean harvests in a row.
#pragma once

#include <mapping/mapping_list.hpp>

namespace kernel {

inline constexpr unsigned clean_harvests_max = 7;

// The page behind the entry may be written from now on: saved aside if frozen, marked dirty, reserved (R29).
// no_memory: no reservation is left; the writer waits. Asked for persistent frames only.
Result<> grant_write(Kernel& kernel, MappingReference reference);

// The stop: walks the grants; a page whose dirty bit is set, or that the kernel wrote, joins the dirty list
// and loses its write permission through every mapping; idle grants age. Cost: the grants, not the memory.
void harvest(Kernel& kernel);

// A drained frame's granted entries get write permission back, with their dirty bits clear. Has it any?
bool thaw(Kernel& kernel, FrameIndex frame);

} // namespace kernel
