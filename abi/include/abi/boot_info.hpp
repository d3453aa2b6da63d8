// SPDX-License-Identifier: Apache-2.0
// What every resident program finds at start, mapped read-only at boot_info_address.
#pragma once

#include <abi/frame.hpp>
#include <base/layout.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace abi {

struct BootInfo {
    std::uint64_t magic;                 // 0: boot_info_magic
    std::uint32_t abi_revision;          // 8
    std::uint32_t command_line_length;   // 12: bytes
    std::uint64_t memory_bytes;          // 16: usable RAM
    std::uint64_t frames_free;           // 24: frames free for the frame cache after start
    std::uint64_t dma_arena_physical;    // 32
    std::uint64_t dma_arena_bytes;       // 40
    std::uint64_t random[2];             // 48: from RDRAND or the time-stamp counter; seeds the boot nonce
    std::uint64_t wall_seconds;          // 64: real-time clock at boot, seconds since 1970, 0 = unknown
    std::uint64_t processor_features;    // 72: what a store may need of it, XCR0 bits (R11)
    std::uint64_t timestamp_per_ms;      // 80: time-stamp counter ticks a millisecond
    std::uint64_t reserved[5];           // 88: zero
    std::array<char, 3968> command_line; // 128: of the kernel, as GRUB or -append gave it
};

inline constexpr std::uint64_t boot_info_magic = 0x6f66'6e69'656c'6574; // "teleinfo"
inline constexpr std::uint64_t boot_info_address = 0x7f00'0001'0000;

// The DMA arena in the block driver's and the migrator's address spaces.
inline constexpr std::uint64_t dma_arena_address = 0x7f00'1000'0000;
inline constexpr std::size_t dma_arena_bytes = 4 << 20;

static_assert(base::WireType<BootInfo> && sizeof(BootInfo) == frame_size);
STELE_AT(BootInfo, memory_bytes, 16);
STELE_AT(BootInfo, dma_arena_physical, 32);
STELE_AT(BootInfo, random, 48);
STELE_AT(BootInfo, command_line, 128);

} // namespace abi
