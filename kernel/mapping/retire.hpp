// SPDX-License-Identifier: Apache-2.0
// Objects and frames come to an end: translations first, then entries, then versions, then the frame (trap:
// the other order lets a stale capability see what follows).
#pragma once

#include <mapping/invalidate.hpp>

namespace kernel {

// Nothing in any cache refers to the frame's content any more: mappings, depend entries, spaces rooted in it.
void retire_frame(Kernel& kernel, FrameIndex frame);

// May the frame's versions rise once more? Otherwise destroying and retyping answer Error::retired (R3).
bool versions_left(Kernel const& kernel, FrameIndex frame);

// Destroys an object of a heap frame: all capabilities to it become void; it is zero but for its version.
void destroy_object(Kernel& kernel, Target object, Committed const& committed);

// The object's version rises, its content stays: capabilities to it become void. versions_left() was asked.
void raise_version(Kernel& kernel, Target object, Committed const& committed);

// Gives a frame another type: every capability to what it held becomes void, its content is zero, and all its
// objects start at mark + 1. type free: the frame is nobody's (its mark is kept).
void retype_frame(Kernel& kernel, FrameIndex frame, abi::FrameType type, Committed const& committed);

// Brings an unused object of a heap frame into use (header flag); its version stays.
void use_object(Kernel& kernel, Target object, Committed const& committed);

} // namespace kernel
