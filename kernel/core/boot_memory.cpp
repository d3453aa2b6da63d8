// SPDX-License-Identifier: Apache-2.0
// Bookkeeping of usable memory before the frame cache exists.
#include <core/boot_memory.hpp>

#include <core/panic.hpp>

#include <arch/direct_map.hpp>

#include <algorithm>
#include <cstring>

namespace kernel {

namespace {

constexpr std::uint64_t first_usable = 1 << 20;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

} // namespace

void BootMemory::insert(std::uint64_t start, std::uint64_t end) {
    if (start >= end) return;
    if (ranges_.full()) panic("the memory map has more than ", ranges_max, " ranges");
    ranges_.push_back({PhysicalAddress(start), end - start});
    if (frame_index(PhysicalAddress(end)) > frame_end_) frame_end_ = frame_index(PhysicalAddress(end));
}

void BootMemory::add(std::uint64_t start, std::uint64_t bytes) {
    auto const limited_end = std::min(start + bytes, std::uint64_t{arch::direct_map_limit});
    insert(std::max(round_up(start, abi::frame_size), first_usable),
           limited_end / abi::frame_size * abi::frame_size);
}

void BootMemory::reserve(std::uint64_t start, std::uint64_t end) {
    auto const from = start / abi::frame_size * abi::frame_size;
    auto const to = round_up(end, abi::frame_size);
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
        auto const range = ranges_[i];
        if (range.end().raw() <= from || range.start.raw() >= to) continue;
        ranges_.remove_unordered(i);
        insert(range.start.raw(), std::min(from, range.end().raw()));
        insert(std::max(to, range.start.raw()), range.end().raw());
        --i; // the last range moved here; what was inserted no longer overlaps
    }
}

PhysicalAddress BootMemory::take(std::uint64_t bytes, std::uint64_t alignment) {
    auto const wanted = round_up(bytes, abi::frame_size);
    std::uint64_t lowest = arch::direct_map_limit;
    for (auto const& range : ranges_) {
        auto const start = round_up(range.start.raw(), alignment);
        if (start + wanted <= range.end().raw() && start < lowest) lowest = start;
    }
    if (lowest == arch::direct_map_limit)
        panic("not enough memory: ", wanted, " bytes in one piece are needed, ", total_bytes(), " are left");
    reserve(lowest, lowest + wanted);
    std::memset(arch::direct_map(PhysicalAddress(lowest)), 0, wanted);
    return PhysicalAddress(lowest);
}

std::uint64_t BootMemory::total_bytes() const {
    std::uint64_t total = 0;
    for (auto const& range : ranges_) total += range.bytes;
    return total;
}

} // namespace kernel
