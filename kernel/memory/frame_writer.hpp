// SPDX-License-Identifier: Apache-2.0
// The only way to write the content of a named frame: asks epoch and preserve first, and needs the token of
// the point of no return. One writer covers one object (a whole data or capability page is one object).
// Reading needs no writer: object_view<T>(frame, index).
#pragma once

#include <arch/direct_map.hpp>
#include <core/committed.hpp>
#include <core/kernel.hpp>
#include <memory/preserve.hpp>

#include <abi/capability.hpp>
#include <base/bytes.hpp>

#include <cstring>
#include <span>

namespace kernel {

// Where a capability stands: a frame and the byte offset in it.
struct SlotLocation {
    FrameIndex frame = no_frame;
    std::uint32_t offset = 0;
    bool exists() const { return frame != no_frame; }
    friend constexpr bool operator==(SlotLocation, SlotLocation) = default;
};

// Object `index` of a heap frame, or the content of a page (index 0), for reading.
template <base::WireType T>
[[gnu::always_inline]] inline T const& object_view(FrameIndex frame, unsigned index = 0) {
    return base::view<T>(base::ConstBytes(arch::frame_bytes(frame)), index * sizeof(T));
}
[[gnu::always_inline]] inline abi::Capability read_slot(SlotLocation slot) {
    return base::view<abi::Capability>(base::ConstBytes(arch::frame_bytes(slot.frame)), slot.offset);
}

// May the object be written without a question? F7: the persistence tax of a mutation.
inline void open_for_write(Memory& memory, FrameIndex index, unsigned object) {
    auto const& frame = memory.frames[index];
    if (frame.epoch == memory.epoch.current && ((frame.open >> object) & 1) != 0) [[likely]]
        return;
    open_object(memory, index, object);
}

class FrameWriter {
public:
    FrameWriter(Memory& memory, FrameIndex frame, unsigned object, Committed const&)
        : FrameWriter(memory, frame, object) {}
    FrameWriter(Kernel& kernel, FrameIndex frame, unsigned object, Committed const& committed)
        : FrameWriter(kernel::memory(kernel), frame, object, committed) {}

    // The object, for writing anything but capabilities (object/capability.hpp, store_capability).
    template <base::WireType T>
    T& object() {
        return base::view<T>(base::Bytes(arch::frame_bytes(frame_)), object_ * sizeof(T));
    }
    // A page's bytes.
    std::span<std::byte, abi::frame_size> page() { return arch::frame_bytes(frame_); }

    // All of the object to zero, its header's version kept (heap frames).
    void zero();

private:
    FrameWriter(Memory& memory, FrameIndex frame, unsigned object)
        : memory_(memory), frame_(frame), object_(object) {
        open_for_write(memory, frame, object);
    }

    Memory& memory_;
    FrameIndex frame_;
    unsigned object_;
};

// Dispatch: entry code will store into this process's object until the next take.
inline void prepare_to_run(Memory& memory, FrameIndex process) { open_for_write(memory, process, 0); }

// Replaces a capability by its prepared or unprepared form. That is no mutation: no dirty, no copy (R4).
inline void rewrite_form(SlotLocation slot, abi::Capability form) {
    base::write(base::Bytes(arch::frame_bytes(slot.frame)), slot.offset, form);
}

} // namespace kernel
