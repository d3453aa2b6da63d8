// SPDX-License-Identifier: Apache-2.0
// All of physical memory, mapped writable and never executable at one place of the kernel's address space.
// Content of named frames is written through memory/frame_writer.hpp only; this is what it stands on.
#pragma once

#include <arch/address.hpp>
#include <arch/page_entry.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace kernel::arch {

inline constexpr std::uint64_t direct_map_base = 0xffff'8000'0000'0000;
// Everything above this physical address is not mapped and not used.
inline constexpr std::uint64_t direct_map_limit = std::uint64_t{64} << 30;

inline std::byte* direct_map(PhysicalAddress address) {
    return reinterpret_cast<std::byte*>(direct_map_base + address.raw());
}

// A frame's worth of bytes from any physical address; of a frame.
inline std::span<std::byte, abi::frame_size> frame_bytes(PhysicalAddress address) {
    return std::span<std::byte, abi::frame_size>(direct_map(address), abi::frame_size);
}
inline std::span<std::byte, abi::frame_size> frame_bytes(FrameIndex frame) {
    return frame_bytes(physical_address(frame));
}

inline PageTable& page_table(PhysicalAddress address) {
    return *reinterpret_cast<PageTable*>(direct_map(address));
}

// The object of type T that boot code placed at a physical address: arrays of page frames, tables, pools.
template <class T>
std::span<T> physical_array(PhysicalAddress address, std::size_t count) {
    return {reinterpret_cast<T*>(direct_map(address)), count};
}

} // namespace kernel::arch
