// SPDX-License-Identifier: Apache-2.0
// The request and completion rings between the migrator and the block driver, in the first pages of the DMA
// arena. Single producer, single consumer each; an index counts up for ever and is taken modulo the size. The
// consumer validates every entry: offset and length lie in the arena beyond the rings, and in the device.
#pragma once

#include <abi/frame.hpp>
#include <base/layout.hpp>

#include <cstddef>
#include <cstdint>

namespace abi {

enum class BlockOperation : std::uint32_t { read = 0, write = 1, flush = 2 };

struct BlockRequest {
    std::uint64_t tag;          // 0: returned with the completion
    std::uint64_t sector;       // 8: of 512 bytes
    std::uint32_t operation;    // 16: BlockOperation
    std::uint32_t length;       // 20: bytes, a multiple of 512; flush: 0
    std::uint64_t arena_offset; // 24: of the data
};

struct BlockCompletion {
    std::uint64_t tag;      // 0
    std::uint32_t error;    // 8: abi::Error
    std::uint32_t reserved; // 12
};

inline constexpr std::uint32_t block_ring_entries = 64;

struct BlockRings {
    std::uint64_t magic;            // 0: block_rings_magic, written by the driver when the device is ready
    std::uint64_t capacity_sectors; // 8
    std::uint32_t device_error;     // 16: abi::Error when the device cannot be used
    std::uint32_t sectors_per_request_max;           // 20
    std::uint64_t reserved0[5];                      // 24
    std::uint32_t submitted;                         // 64: written by the migrator
    std::uint32_t reserved1[15];                     // 68
    std::uint32_t taken;                             // 128: written by the driver
    std::uint32_t reserved2[15];                     // 132
    std::uint32_t completed;                         // 192: written by the driver
    std::uint32_t reserved3[15];                     // 196
    std::uint32_t reaped;                            // 256: written by the migrator
    std::uint32_t reserved4[15];                     // 260
    BlockRequest requests[block_ring_entries];       // 320
    BlockCompletion completions[block_ring_entries]; // 2368
    std::uint64_t interrupts;                        // 3392: counted by the driver
    std::uint64_t flushes;                           // 3400
    std::uint64_t reserved5[86];                     // 3408
};

inline constexpr std::uint64_t block_rings_magic = 0x7367'6e69'726b'6c62; // "blkrings"
// the driver's own queues lie between rings and data
inline constexpr std::size_t block_data_offset = 16 * frame_size;

static_assert(base::WireType<BlockRequest> && sizeof(BlockRequest) == 32);
static_assert(base::WireType<BlockCompletion> && sizeof(BlockCompletion) == 16);
static_assert(base::WireType<BlockRings> && sizeof(BlockRings) == frame_size);
STELE_AT(BlockRings, submitted, 64);
STELE_AT(BlockRings, taken, 128);
STELE_AT(BlockRings, completed, 192);
STELE_AT(BlockRings, reaped, 256);
STELE_AT(BlockRings, requests, 320);
STELE_AT(BlockRings, completions, 2368);

} // namespace abi
