// SPDX-License-Identifier: Apache-2.0
// A frame as the kernel hands it over at a snapshot, and as the store gives it back.
#pragma once

#include <abi/frame.hpp>
#include <abi/version.hpp>
#include <base/bytes.hpp>

namespace checkpoint {

struct FrameImage {
    abi::FrameId frame; // persistent, not 0
    abi::FrameType type = abi::FrameType::free;
    abi::Version mark;        // version mark (R3); kept also for a free frame
    bool live = false;        // process frames only (R16)
    base::ConstBytes content; // 4096 bytes, or empty for a zero frame
};

} // namespace checkpoint
