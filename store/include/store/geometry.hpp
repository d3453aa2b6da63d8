// SPDX-License-Identifier: Apache-2.0
// The division of the store: sectors, segments, and the places of the root slots.
#pragma once

#include <abi/disk/root_slot.hpp>
#include <abi/disk/segment.hpp>

#include <cstdint>

namespace store {

using abi::disk::Extent;
using abi::disk::Twin;
using abi::disk::TwinRef;

struct Geometry {
    std::uint32_t segment_shift = abi::disk::segment_shift_default;
    std::uint64_t segments = 0;

    constexpr std::uint64_t bytes() const { return segments << segment_shift; }
    constexpr std::uint32_t sectors_per_segment() const { return 1U << (segment_shift - 9); }
    constexpr std::uint32_t segment_of(std::uint64_t sector) const {
        return static_cast<std::uint32_t>(sector >> (segment_shift - 9));
    }
    constexpr std::uint64_t first_sector(std::uint32_t segment) const {
        return std::uint64_t{segment} << (segment_shift - 9);
    }
    // Byte of copy 0 (front) or 1 (end) of root slot `index`.
    constexpr std::uint64_t slot_offset(std::uint32_t index, std::uint32_t copy) const {
        auto const front = index * abi::disk::root_slot_stride;
        return copy == 0 ? front : bytes() - abi::disk::root_slot_count * abi::disk::root_slot_stride + front;
    }
    // Disk bytes are hostile: a run that the log can contain lies within one segment that is no root slots'.
    constexpr bool in_log(Extent extent) const {
        if (extent.count() == 0 || extent.first() + extent.count() > first_sector(last_segment()))
            return false;
        auto const segment = segment_of(extent.first());
        return segment >= 1 && segment_of(extent.first() + extent.count() - 1) == segment;
    }
    constexpr bool in_log(Twin const& twin) const { return in_log(twin[0]) && in_log(twin[1]); }
    constexpr std::uint32_t last_segment() const { return static_cast<std::uint32_t>(segments - 1); }
    constexpr bool valid() const {
        return segment_shift >= abi::disk::segment_shift_min &&
               segment_shift <= abi::disk::segment_shift_max && segments >= abi::disk::segments_min &&
               segments < (std::uint64_t{1} << 31) && segments <= (std::uint64_t{1} << 48 >> segment_shift);
    }
    friend constexpr bool operator==(Geometry const&, Geometry const&) = default;
};

} // namespace store
