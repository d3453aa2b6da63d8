// SPDX-License-Identifier: Apache-2.0
// Edited and new frames as the engine takes them.
#include "frame_edits.hpp"

namespace tools {

std::vector<checkpoint::FrameImage> FrameEdits::images() {
    std::vector<checkpoint::FrameImage> images;
    for (auto const& made : arena_.frames())
        images.push_back({.frame = made.id,
                          .type = made.type,
                          .mark = FrameArena::first_version,
                          .live = made.live,
                          .content = made.content});
    for (auto const& [number, edited] : edited_) {
        bool const is_process = edited.info.type == abi::FrameType::process;
        images.push_back(
            {.frame = edited.info.frame,
             .type = edited.info.type,
             .mark = edited.info.mark,
             .live = is_process && base::view<abi::Process>(base::ConstBytes(edited.bytes)).is_live(),
             .content = edited.bytes});
    }
    return images;
}

} // namespace tools
