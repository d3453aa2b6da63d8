// SPDX-License-Identifier: Apache-2.0
// Objects for tests, out of the program's own range of frames.
#pragma once

#include <abi/frame.hpp>
#include <runtime/slot.hpp>

#include <cstdint>

namespace tests {

// Object `index` in the one frame of a fresh heap. `heap` receives the heap's capability, `into` the
// object's; `scratch` is used on the way. The frame's identifier; what fails is a failed check.
std::uint64_t make_object(abi::FrameType type, runtime::Slot heap, runtime::Slot scratch, runtime::Slot into,
                          std::uint8_t index = 0);

} // namespace tests
