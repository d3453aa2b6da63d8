// SPDX-License-Identifier: Apache-2.0
// Every pool of the kernel (R21): its size, who waits when it is empty, who frees it, and
// why the freer needs none of it.
#pragma once

#include <abi/objects/frame_shape.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace kernel {

struct PoolLimit {
    std::string_view pool;
    std::string_view size;
    std::string_view when_empty;
    std::string_view freed_by;
    std::string_view freer_needs_none;
};

inline constexpr PoolLimit pool_limits[] = {
    {"frame cache", "all memory that is left after the tables below",
     "the process that faulted waits on its frame",
     "eviction of a clean frame; release of a snapshot's copies",
     "eviction only unlinks; drain copies into the migrator's buffer"},
    {"page tables", "1/16 of the frames, taken from the frame cache",
     "nobody: the oldest space's tables are dropped", "drop of a space",
     "dropping folds dirty bits into frame headers and frees"},
    {"mapping list", "1 entry a frame beyond the first", "nobody: another mapping is retired first",
     "retiring a mapping", "retiring writes only what is already there"},
    {"dependency table", "1 entry for two frames", "nobody: the oldest entry's translations are invalidated",
     "invalidation", "invalidation clears page-table entries only"},
    {"object table", "2 entries a resident capability, at least 4096 (R4)",
     "nobody: a full table evicts an entry", "collection; eviction of an entry",
     "unpreparing reads the entry itself"},
    {"live set", "live_processes_max", "ObjectSource.makeLive and Process.resume answer limit_reached",
     "a process stopping or waiting without a wake time", "removal from a table in place"},
    {"wanted frames", "wanted_frames_max", "the process stays ready and retries", "supply, absent, corrupt",
     "answers take frames from the cache, not from this pool"},
    {"side frames", "from the frame cache, reserved before commit of a unit",
     "the writer waits for the drain", "drain and release", "both only free"},
    {"interrupt bindings", "lines and messages of arch/interrupts.hpp",
     "allocateMessage answers limit_reached", "never within a boot", "static"},
};

inline constexpr std::uint32_t live_processes_max = 16384;
inline constexpr std::uint32_t wanted_frames_max = 64;
inline constexpr std::uint32_t wait_keys_max = live_processes_max;
inline constexpr std::uint32_t page_operations_per_unit = 4; // R13
inline constexpr std::uint32_t kernel_stack_bytes = 16384;
// free frames kept for snapshot copies and tables
inline constexpr std::uint32_t resident_frames_reserve = 256;

// Sizes of the pools that grow with memory; `frames` is the number of usable physical frames.
struct PoolSizes {
    std::uint32_t mappings;
    std::uint32_t dependencies;
    std::uint32_t objects;
    std::uint32_t page_tables_max;
};

constexpr PoolSizes pool_sizes(std::uint32_t frames) {
    return {frames, frames / 2, std::max<std::uint32_t>(4096, 2 * frames),
            std::max<std::uint32_t>(128, frames / 16)};
}

static_assert(page_operations_per_unit <= resident_frames_reserve);
static_assert(pool_sizes(16384).objects >= 2 * 16384);

} // namespace kernel
