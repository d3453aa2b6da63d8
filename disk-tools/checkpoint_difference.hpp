// SPDX-License-Identifier: Apache-2.0
// Which frames differ between two checkpoints.
#pragma once

#include "store_file.hpp"

#include <abi/frame.hpp>

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

namespace tools {

enum class Change : std::uint8_t { changed, added, removed };

// "changed", "new", "gone"; and the letter of a line: M, +, -.
std::string_view change_name(Change change);
char change_mark(Change change);

struct FrameChange {
    abi::FrameId frame;
    abi::FrameType type; // after, or before when it is gone
    Change change;
};

struct CheckpointDifference {
    // By number; a frame that became one of another type stands there twice, gone and new.
    std::vector<FrameChange> frames;
    std::set<std::uint64_t> numbers; // of these frames
    std::uint64_t before = 0;        // frames in use
    std::uint64_t after = 0;
    bool has(abi::FrameId frame) const { return numbers.contains(frame.number()); }
    bool has_type(abi::FrameType type) const;
    // Processes in use or not, by number.
    std::vector<abi::FrameId> processes_before, processes_after;
};

// By the entries of both checkpoints alone: no content is read.
CheckpointDifference compare_frames(StoreView& before, StoreView& after);

} // namespace tools
