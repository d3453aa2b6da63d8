// SPDX-License-Identifier: Apache-2.0
// Storage of the frame cache.
#include <memory/start.hpp>

#include <arch/direct_map.hpp>

#include <bit>

namespace kernel {

void start_frames(Memory& memory, BootMemory& boot) {
    auto const frames = boot.frame_end();
    auto const buckets = std::bit_ceil(std::size_t{frames} + 1);
    auto const headers_at = boot.take(sizeof(PageFrame) * std::uint64_t{frames});
    auto const buckets_at = boot.take(sizeof(FrameIndex) * buckets);
    memory.frames.start(arch::physical_array<PageFrame>(headers_at, frames),
                        arch::physical_array<FrameIndex>(buckets_at, buckets));
}

void free_remaining(Memory& memory, BootMemory const& boot) {
    for (auto const& range : boot.ranges())
        memory.frames.add_free(frame_index(range.start),
                               static_cast<std::uint32_t>(range.bytes / abi::frame_size));
    // Half of memory may be dirty at once: the other half holds side copies, tables and clean frames.
    memory.epoch.dirty_limit = memory.frames.usable_count() / 2;
}

} // namespace kernel
