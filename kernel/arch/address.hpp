// SPDX-License-Identifier: Apache-2.0
// The kinds of address that must never be mixed up, and the index of a physical frame.
#pragma once

#include <abi/frame.hpp>
#include <base/strong.hpp>

#include <cstdint>

namespace kernel {

using PhysicalAddress = base::Address<struct PhysicalAddressTag>;
// An address of a process: an allegation until a walk of its address space has translated it.
using UserAddress = base::Address<struct UserAddressTag>;

// Number of a physical page; also the index of its PageFrame.
using FrameIndex = std::uint32_t;
inline constexpr FrameIndex no_frame = 0xffff'ffff;

// User mode ends one page below the non-canonical hole, so that no user instruction ends at its edge.
inline constexpr std::uint64_t user_address_end = 0x7fff'ffff'f000;

constexpr PhysicalAddress physical_address(FrameIndex frame) {
    return PhysicalAddress(std::uint64_t{frame} << abi::frame_bits);
}
constexpr FrameIndex frame_index(PhysicalAddress address) {
    return static_cast<FrameIndex>(address.raw() >> abi::frame_bits);
}

} // namespace kernel
