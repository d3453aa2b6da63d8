// SPDX-License-Identifier: Apache-2.0
// Segments: the unit in which the log takes and gives back space; and the table of what is live in each.
// Segment 0 and the last segment hold the root slots and nothing else.
#pragma once

#include <abi/disk/place.hpp>

namespace abi::disk {

inline constexpr std::uint32_t segment_shift_default = 18; // 256 KiB
// small ones are for tests: many laps of the log in little time
inline constexpr std::uint32_t segment_shift_min = 14;
inline constexpr std::uint32_t segment_shift_max = 24;
inline constexpr std::uint64_t segments_min = 16;

// One 16-bit word a segment: sectors in it that the object map refers to, its nodes and this table included.
// What checkpoints after `base` refer to is not counted here; recovery adds it from
// their records and directories.
using LiveSectors = std::uint16_t;
// The table is padded with zero bytes to whole sectors and stands in one run.
constexpr std::uint32_t table_sectors(std::uint64_t segments) {
    return static_cast<std::uint32_t>((segments * sizeof(LiveSectors) + sector_size - 1) / sector_size);
}

} // namespace abi::disk
