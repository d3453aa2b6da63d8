// SPDX-License-Identifier: Apache-2.0
// Drain: images of the snapshot leave, hottest first, with capabilities unprepared and audited; each frame is
// thawed at once.
#pragma once

#include <snapshot/state.hpp>

#include <abi/frame.hpp>
#include <abi/version.hpp>
#include <base/result.hpp>

#include <span>

namespace kernel {

struct FrameImage {
    abi::FrameId id;
    abi::FrameType type = abi::FrameType::free;
    bool live = false; // a process that runs on after a restart (R16)
    abi::Version mark;

    // As Checkpoint.drain hands them over.
    constexpr std::uint64_t identity_word() const {
        return id.raw() | (static_cast<std::uint64_t>(type) << 56);
    }
    constexpr std::uint64_t version_word() const { return mark.raw() | (std::uint64_t{live} << 32); }
};

inline constexpr std::size_t drain_batch_max = 4;

// The next image into `content`; false: none is left. audit_failed: the frame breaks a rule (logged by name);
// it stays in memory as dirty, and this snapshot cannot be committed any more.
base::Result<bool> drain_next(Kernel& kernel, FrameImage& image,
                              std::span<std::byte, abi::frame_size> content);

bool drained(Kernel const& kernel);

} // namespace kernel
