// SPDX-License-Identifier: Apache-2.0
// Frames of a checkpoint as they shall be in the next one, and new frames beside them.
#pragma once

#include "frame_arena.hpp"
#include "objects.hpp"

#include <base/bytes.hpp>
#include <checkpoint/frame_image.hpp>

#include <map>
#include <vector>

namespace tools {

class FrameEdits {
public:
    // New frames are numbered from `free` on.
    FrameEdits(Objects& objects, abi::FrameId free) : objects_(objects), arena_(free) {}

    FrameArena& arena() { return arena_; }
    // A frame as it will be, to be changed. Problem when it cannot be read.
    FrameContent& frame(abi::FrameId id) {
        auto const [at, fresh] = edited_.try_emplace(id.number());
        if (fresh) at->second = objects_.frame(id);
        return at->second;
    }
    template <class Object>
    Object& object(abi::ObjectId id) {
        if (auto* const made = new_frame(id.frame()))
            return base::view<Object>(base::Bytes(made->content), id.index() * sizeof(Object));
        return base::view<Object>(base::Bytes(frame(id.frame()).bytes), id.index() * sizeof(Object));
    }
    // Nobody names the frame any more: its version rises, as when the machine frees it (R3, R6).
    void free(abi::FrameId id) {
        auto& freed = frame(id);
        freed.info.type = abi::FrameType::free;
        freed.info.mark = freed.info.mark.next();
        freed.bytes = {};
    }
    // What is to be committed. Valid while this lives and is not changed.
    std::vector<checkpoint::FrameImage> images();

private:
    NewFrame* new_frame(abi::FrameId id) { return arena_.find(id); }

    Objects& objects_;
    FrameArena arena_;
    std::map<std::uint64_t, FrameContent> edited_;
};

} // namespace tools
