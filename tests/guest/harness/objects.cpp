// SPDX-License-Identifier: Apache-2.0
// From a frame to an object.
#include <harness/harness.hpp>
#include <harness/objects.hpp>

#include <runtime/client/frame_range.hpp>
#include <runtime/client/heap.hpp>

namespace tests {

std::uint64_t make_object(abi::FrameType type, runtime::Slot heap, runtime::Slot scratch, runtime::Slot into,
                          std::uint8_t index) {
    constexpr runtime::FrameRange range{abi::SupervisorSlot::frame_range};
    check_error(abi::Error::none, range.make_heap(static_cast<std::uint8_t>(type), heap).error, "a heap");
    check_error(abi::Error::none, range.claim(0, scratch).error, "a frame for it");
    auto const admitted = runtime::Heap{heap}.admit(scratch);
    check_error(abi::Error::none, admitted.error, "the heap admits it");
    if (admitted.failed()) return 0;
    check_error(abi::Error::none, runtime::Heap{heap}.object(admitted->frame, index, into).error,
                "an object of the heap");
    return admitted->frame;
}

} // namespace tests
