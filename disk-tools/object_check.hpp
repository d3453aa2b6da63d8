// SPDX-License-Identifier: Apache-2.0
// R15 over a checkpoint: versions not above the object's mark, types that agree, no unknown type or right.
#pragma once

#include "objects.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace tools {

struct ObjectFinding {
    abi::FrameId frame;
    std::string code;
    std::string text;
};

struct ObjectCounts {
    std::uint64_t processes = 0;
    std::uint64_t capabilities = 0;
};

// Frames whose blocks cannot be read are passed over: their hashes are findings already. Memory: four bytes
// for each frame, and one frame of content.
ObjectCounts check_objects(StoreView& view, std::function<void(ObjectFinding const&)> const& report);

} // namespace tools
