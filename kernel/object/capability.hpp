// SPDX-License-Identifier: Apache-2.0
// Algebra of capabilities: from a slot to its object, between the prepared and the
// unprepared form, and diminishing.
//   unprepared(prepare(c)) == c for every valid c.   diminish(diminish(c)) == diminish(c).
#pragma once

#include <object/object_table.hpp>

#include <abi/capability.hpp>
#include <abi/error.hpp>
#include <abi/objects/frame_shape.hpp>
#include <base/result.hpp>

namespace kernel {

using base::fail;
using base::Result;
using Error = abi::Error;

// A resident object.
struct Target {
    FrameIndex frame = no_frame;
    std::uint32_t index = 0;
    friend constexpr bool operator==(Target, Target) = default;
};

// The object a capability in a frame names; the slot becomes prepared when an entry can be had.
//   void_capability: null, names no object, stale, or of an object that does not exist
//   absent: the frame is not resident; its identifier is in core(kernel).absent
Result<Target> prepare(Kernel& kernel, SlotLocation slot);

// The same for a capability in a register or in the kernel's own state; nothing is rewritten.
Result<Target> resolve(Kernel& kernel, abi::Capability capability);

// The frame of an identifier. absent (left in core(kernel).absent); void_capability: non-persistent and gone.
Result<FrameIndex> resident(Kernel& kernel, abi::FrameId id);

// Version of a resident object: of its header, or of the frame for pages.
abi::Version version_of(Memory const& memory, Target object);
abi::ObjectId object_id_of(Memory const& memory, Target object);
// A full capability to a resident object, unprepared.
abi::Capability capability_to(Memory const& memory, abi::CapabilityType type, Target object,
                              abi::Rights rights = {}, std::uint32_t payload = 0);

// The unprepared form; reads only the entry's identifier, whatever became of the object (R4).
abi::Capability unprepared(ObjectTable const& objects, abi::Capability capability);
inline abi::Capability unprepared(Kernel const& kernel, abi::Capability capability) {
    return unprepared(objects(kernel), capability);
}

// What a fetch through a weak capability gives: memory read-only and weak, numbers and discreet kernel
// capabilities as they are, all else null.
abi::Capability diminish(abi::Capability capability);

// Stores a capability, in either form, into a slot of any object. The only store of capabilities (R4).
void store_capability(Kernel& kernel, SlotLocation slot, abi::Capability capability,
                      Committed const& committed);

// The same for a slot of a capability page, without a question about the frame's shape.
inline void store_in_page(Kernel& kernel, SlotLocation slot, abi::Capability capability, Committed const&) {
    auto& state = memory(kernel);
    open_for_write(state, slot.frame, 0);
    state.frames[slot.frame].set(PageFrame::stored_since_scan);
    objects(kernel).note_store(capability);
    rewrite_form(slot, capability);
}

// The slot of a capability page; of an object, by index of its capability.
constexpr SlotLocation page_slot(FrameIndex page, std::uint32_t slot) {
    return {page, slot * static_cast<std::uint32_t>(sizeof(abi::Capability))};
}
constexpr SlotLocation object_slot(abi::FrameType type, Target object, std::uint32_t slot) {
    auto const shape = abi::shape_of(type);
    return {object.frame, object.index * shape.object_size + shape.capability_offset +
                              slot * static_cast<std::uint32_t>(sizeof(abi::Capability))};
}

// R2: in memory an identifier of this boot has boot number 0, on disk the real one. Look-ups take both;
// identifiers of other boots name nothing.
abi::FrameId in_memory(Kernel const& kernel, abi::FrameId id);
// For the drain: an unprepared capability with the boot number put in.
abi::Capability on_disk(Kernel const& kernel, abi::Capability unprepared);

} // namespace kernel
