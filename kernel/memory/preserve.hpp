// SPDX-License-Identifier: Apache-2.0
// Copy-aside: what a snapshot still needs of a frame is saved in a side frame before the frame is written
// again. A page is saved whole, a heap frame object by object. The side frame takes the frame's place on the
// snapshot's list and carries its identity; the live frame stays where it is and joins the current epoch.
#pragma once

#include <memory/epoch.hpp>

#include <abi/objects/frame_shape.hpp>

namespace kernel {

// Makes object `object` of a named frame writable in this epoch: saves it if frozen, marks the frame dirty if
// persistent. The reserve of free frames must hold (mapping/evict.hpp, admit_writes), so that it cannot fail.
void open_object(Memory& memory, FrameIndex index, unsigned object);
// The same for all of a frame's objects, and its type and version mark: before it is retyped or freed.
void open_frame(Memory& memory, FrameIndex index);

// Gives the side frame of a drained or abandoned image back.
void release_side(Memory& memory, FrameIndex side);

// All object bits of a frame of this type.
constexpr std::uint64_t all_objects(abi::FrameType type) {
    auto const count = abi::shape_of(type).objects;
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

} // namespace kernel
