// SPDX-License-Identifier: Apache-2.0
// Every limit of the store in one place; all memory is computed from them and given at open, never later.
#pragma once

#include <base/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace checkpoint {

struct Limits {
    std::uint32_t segments = 16384;  // of the store, at most: 4 GiB of 256 KiB segments
    std::uint32_t directories = 256; // in memory, of unmigrated checkpoints (decision 0012)
    // ... their entries; a commit changes at most half of it
    std::uint32_t unmigrated_entries = 65536;
    std::uint32_t moved_blocks = 49152; // that stand elsewhere than the map says, at most
    std::uint32_t fetches = 8;          // at once
    std::uint32_t cached_nodes = 64;    // map nodes in memory
    std::uint32_t read_ahead = 8;       // nodes and blocks that the migrator reads at once, 2 to 32
    // bytes of one write of a commit, multiple of 4096, at least 8192
    std::uint32_t commit_chunk = 256 * 1024;
    std::uint32_t commit_chunks = 3;      // of them, at least 2; 40 KiB together
    std::uint32_t side_chunk = 32 * 1024; // the same for copies of metadata, map and moved frames
    std::uint32_t side_chunks = 2;
    std::uint32_t kept = 16;       // newest checkpoints that stay readable, as far as space allows
    std::uint32_t fold_above = 96; // directories in memory that start a fold, fewer than there may be
};

inline constexpr std::uint32_t directories_at_most = 256; // of Limits::directories
inline constexpr std::uint32_t refresh_after = 64;        // commits without a refreshed root slot, R28

struct Memory {
    base::Bytes tables; // any memory, aligned to 64
    base::Bytes io;     // what the device reads and writes; aligned to 4096 (in the system: the DMA arena)
};

// Sizes that `Memory` must have.
std::size_t table_bytes(Limits const& limits);
std::size_t io_bytes(Limits const& limits);

} // namespace checkpoint
