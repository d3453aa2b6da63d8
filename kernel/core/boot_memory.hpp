// SPDX-License-Identifier: Apache-2.0
// Usable physical memory as the boot loader described it. Boot code takes whole pages off it once, for tables
// and pools; what is left becomes the frame cache.
#pragma once

#include <arch/address.hpp>

#include <base/fixed_vector.hpp>

#include <cstdint>

namespace kernel {

// Whole pages: start and bytes are multiples of the frame size.
struct PhysicalRange {
    PhysicalAddress start;
    std::uint64_t bytes = 0;
    constexpr PhysicalAddress end() const { return start + bytes; }
};

class BootMemory {
public:
    static constexpr std::size_t ranges_max = 64;

    // A range of RAM, cut down to whole pages below the direct map's limit; the first MiB is never used.
    void add(std::uint64_t start, std::uint64_t bytes);
    // Takes [start, end) out of what is usable: the kernel, the module, the boot loader's tables.
    void reserve(std::uint64_t start, std::uint64_t end);
    // Contiguous pages, zeroed, the lowest that will do. A machine too small for the kernel's tables cannot
    // boot: panics by name.
    PhysicalAddress take(std::uint64_t bytes, std::uint64_t alignment = abi::frame_size);

    std::span<PhysicalRange const> ranges() const { return ranges_.span(); }
    std::uint64_t total_bytes() const;
    // One more than the highest usable physical frame.
    FrameIndex frame_end() const { return frame_end_; }

private:
    void insert(std::uint64_t start, std::uint64_t end);

    base::FixedVector<PhysicalRange, ranges_max> ranges_;
    FrameIndex frame_end_ = 0;
};

} // namespace kernel
