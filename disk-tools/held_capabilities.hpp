// SPDX-License-Identifier: Apache-2.0
// Every capability that stands in a frame, with its place.
#pragma once

#include "store_file.hpp"

#include <abi/objects/frame_shape.hpp>
#include <base/bytes.hpp>

#include <array>
#include <optional>

namespace tools {

struct HeldCapability {
    abi::FrameId frame;
    abi::FrameType type = abi::FrameType::free; // of the frame
    unsigned object = 0;                        // index in the frame
    unsigned slot = 0;                          // of the object
    abi::Capability capability;
};

inline bool may_hold_capabilities(abi::FrameType type) { return abi::shape_of(type).capability_count != 0; }

// Calls `each` for those that are not null. The type of the frame; nothing: it cannot be read.
template <class Each>
std::optional<abi::FrameType> visit_capabilities(StoreView& view, abi::FrameId frame, Each each) {
    alignas(64) std::array<std::byte, abi::frame_size> content;
    auto const info = view.store().read(view.at().generation, frame, content);
    if (info.failed()) return view.file().expect_alive(), std::nullopt;
    auto const shape = abi::shape_of(info->type);
    for (unsigned object = 0; object < shape.objects; ++object)
        for (unsigned slot = 0; slot < shape.capability_count; ++slot) {
            auto const capability = base::read<abi::Capability>(
                base::ConstBytes(content), std::size_t{object} * shape.object_size + shape.capability_offset +
                                               slot * sizeof(abi::Capability));
            if (capability.is_null() && capability.word0 == 0 && capability.word1 == 0) continue;
            each(HeldCapability{frame, info->type, object, slot, capability});
        }
    return info->type;
}

} // namespace tools
