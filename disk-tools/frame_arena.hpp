// SPDX-License-Identifier: Apache-2.0
// New frames of a store: hands out persistent frames, one after the other, and objects in heap frames,
// version 1 all.
#pragma once

#include <abi/capability.hpp>
#include <abi/objects/frame_shape.hpp>
#include <base/bytes.hpp>

#include <array>
#include <deque>
#include <map>

namespace tools {

struct NewFrame {
    abi::FrameId id;
    abi::FrameType type = abi::FrameType::free;
    bool live = false; // a process that runs after restore (R16)
    alignas(64) std::array<std::byte, abi::frame_size> content{};
};

class FrameArena {
public:
    static constexpr abi::Version first_version = abi::first_version;

    // The first frame must be nobody's, and all behind it.
    explicit FrameArena(abi::FrameId first = abi::root_frame) : first_(first) {}

    // A fresh zeroed frame of a page or process type. References stay valid.
    NewFrame& frame(abi::FrameType type) {
        auto const id = abi::FrameId::persistent(first_.number() + frames_.size());
        frames_.push_back({.id = id, .type = type, .live = false, .content = {}});
        return frames_.back();
    }

    // A fresh object in a heap frame of its type, its header in use.
    template <class Object>
    std::pair<abi::ObjectId, Object&> object(abi::FrameType type) {
        auto& slot = open_[type];
        auto const shape = abi::shape_of(type);
        if (slot.frame == nullptr || slot.used == shape.objects) slot = {&frame(type), 0};
        auto const index = slot.used++;
        auto& made =
            base::view<Object>(base::Bytes(slot.frame->content), std::size_t{index} * sizeof(Object));
        made.header = {first_version.raw(), abi::ObjectHeader::in_use};
        return {abi::ObjectId(slot.frame->id, index), made};
    }

    // nullptr: not one of these.
    NewFrame* find(abi::FrameId id) {
        auto const at = id.number() - first_.number();
        return id.number() < first_.number() || at >= frames_.size() ? nullptr : &frames_[at];
    }

    std::deque<NewFrame> const& frames() const { return frames_; }

private:
    struct Open {
        NewFrame* frame = nullptr;
        unsigned used = 0;
    };
    abi::FrameId first_;
    std::deque<NewFrame> frames_;
    std::map<abi::FrameType, Open> open_;
};

} // namespace tools
