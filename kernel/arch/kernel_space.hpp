// SPDX-License-Identifier: Apache-2.0
// The kernel's own half of every address space: direct map, kernel image (no page both writable and
// executable), and a window for the local APIC and I/O APIC. Built once at boot; after that nothing is mapped
// in the lower half.
#pragma once

#include <arch/address.hpp>

#include <cstdint>

namespace kernel::arch {

inline constexpr std::uint64_t device_window_base = 0xffff'ffff'c000'0000;
inline constexpr std::uint64_t local_apic_window = device_window_base;
inline constexpr std::uint64_t io_apic_window = device_window_base + abi::frame_size;

// `take_page` gives zeroed pages below 1 GiB. Maps [0, memory_end) directly, and loads the new table.
void start_kernel_space(std::uint64_t memory_end, PhysicalAddress (*take_page)());

// Extents of the kernel image in memory, for whoever must not use them.
std::uint64_t kernel_physical_begin();
std::uint64_t kernel_physical_limit();

} // namespace kernel::arch
