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

constexpr FrameShape shape_of(FrameType type) {
    switch (type) {
    case FrameType::free: return {0, 0, 0, 0, false};
    case FrameType::data_page: return {1, frame_size, 0, 0, false};
    case FrameType::capability_page: return {1, frame_size, 0, CapabilityPage::capability_count, false};
    case FrameType::patt: return shape_of_object<Patt>();
    case FrameType::process: return shape_of_object<Process>();
    case FrameType::endpoint: return shape_of_object<Endpoint>();
    case FrameType::schedule: return shape_of_object<Schedule>();
    case FrameType::heap: return shape_of_object<Heap>();
    }
    return {0, 0, 0, 0, false};
}

} // namespace abi
