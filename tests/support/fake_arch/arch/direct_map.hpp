// SPDX-License-Identifier: Apache-2.0
// Hosted stand-in for kernel/arch/direct_map.hpp: "physical memory" is an array of the test process.
#pragma once

#include <arch/address.hpp>
#include <arch/page_entry.hpp>

#include <base/contract.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace kernel::arch {

inline constexpr std::size_t fake_memory_frames = 4096;
inline constexpr std::uint64_t direct_map_limit = fake_memory_frames * abi::frame_size;

// Frame aligned, zero at the start of the process; a test that needs it clean calls clear_fake_memory().
std::byte* fake_memory();
void clear_fake_memory();

inline std::byte* direct_map(PhysicalAddress address) {
    expects(address.raw() < direct_map_limit);
    return fake_memory() + address.raw();
}

inline std::span<std::byte, abi::frame_size> frame_bytes(PhysicalAddress address) {
    return std::span<std::byte, abi::frame_size>(direct_map(address), abi::frame_size);
}
inline std::span<std::byte, abi::frame_size> frame_bytes(FrameIndex frame) {
    return frame_bytes(physical_address(frame));
}

inline PageTable& page_table(PhysicalAddress address) {
    return *reinterpret_cast<PageTable*>(direct_map(address));
}

template <class T>
std::span<T> physical_array(PhysicalAddress address, std::size_t count) {
    return {reinterpret_cast<T*>(direct_map(address)), count};
}

} // namespace kernel::arch
