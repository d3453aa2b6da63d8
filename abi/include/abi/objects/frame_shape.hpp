// SPDX-License-Identifier: Apache-2.0
// How a frame of each type is divided: objects, their size, and where their capabilities stand. Collection,
// snapshot conversion, audit and inspection all iterate from this one table.
#pragma once

#include <abi/objects/capability_page.hpp>
#include <abi/objects/endpoint.hpp>
#include <abi/objects/heap.hpp>
#include <abi/objects/patt.hpp>
#include <abi/objects/process.hpp>
#include <abi/objects/schedule.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace abi {

struct FrameShape {
    std::uint16_t objects;           // in a frame
    std::uint16_t object_size;       // bytes
    std::uint16_t capability_offset; // of the first capability in an object
    std::uint16_t capability_count;  // of an object, contiguous
    bool has_header;                 // objects start with ObjectHeader (heap frames)
};

template <class Object>
constexpr FrameShape shape_of_object() {
    return {frame_size / sizeof(Object), sizeof(Object), Object::capability_offset, Object::capability_count,
            true};
}

inline constexpr std::array<FrameShape, frame_type_count> frame_shapes = {
    FrameShape{0, 0, 0, 0, false},                                         // free
    FrameShape{1, frame_size, 0, 0, false},                                // data page
    FrameShape{1, frame_size, 0, CapabilityPage::capability_count, false}, // capability page
    shape_of_object<Patt>(),
    shape_of_object<Process>(),
    shape_of_object<Endpoint>(),
    shape_of_object<Schedule>(),
    shape_of_object<Heap>(),
};
static_assert(frame_shapes.back().objects != 0, "one for each type, in their order");

// That of a free frame for a type that is none.
constexpr FrameShape const& shape_of(FrameType type) {
    auto const index = static_cast<std::size_t>(type);
    return frame_shapes[index < frame_shapes.size() ? index : 0];
}

} // namespace abi
