// SPDX-License-Identifier: Apache-2.0
// From a slot to its object and back.
#include <object/capability.hpp>

#include <object/capability_gc.hpp>

#include <core/kernel.hpp>

#include <abi/objects/object_header.hpp>

namespace kernel {

namespace {

[[gnu::always_inline]] inline abi::ObjectHeader const& header_of(Target object,
                                                                 abi::FrameShape const& shape) {
    return base::view<abi::ObjectHeader>(base::ConstBytes(arch::frame_bytes(object.frame)),
                                         std::size_t{object.index} * shape.object_size);
}

// Is the capability's object this one, and is it still the object that was meant?
[[gnu::always_inline]] inline bool designates(Memory const& memory, abi::Capability capability,
                                              Target object) {
    auto const& frame = memory.frames[object.frame];
    auto const type = abi::row_of(capability.type()).frame_type;
    if (frame.type != type) return false;
    auto const& shape = abi::shape_of(type);
    if (object.index >= shape.objects) return false;
    if (!shape.has_header) return frame.mark == capability.version();
    auto const& header = header_of(object, shape);
    return header.version == capability.version().raw() && (header.flags & abi::ObjectHeader::in_use) != 0;
}

Result<Target> by_identifier(Kernel& kernel, abi::Capability capability) {
    auto const object = capability.object();
    auto const frame = TRY(resident(kernel, object.frame()));
    auto& header = memory(kernel).frames[frame];
    header.set(PageFrame::referenced);
    Target const target{frame, object.index()};
    if (!designates(memory(kernel), capability, target)) return fail(Error::void_capability);
    return target;
}

} // namespace

Result<Target> prepare(Kernel& kernel, SlotLocation slot) {
    auto capability = read_slot(slot);
    auto& table = objects(kernel);
    if (capability.is_prepared()) [[likely]] {
        auto const& entry = table[capability.table_index()];
        if (entry.frame != no_frame) [[likely]] {
            Target const target{entry.frame, entry.object().index()};
            if (!designates(memory(kernel), capability, target)) return fail(Error::void_capability);
            memory(kernel).frames[target.frame].set(PageFrame::referenced);
            return target;
        }
        capability = unprepared(table, capability);
        rewrite_form(slot, capability);
    }
    if (!abi::names_object(capability.type())) return fail(Error::void_capability);
    auto const target = TRY(by_identifier(kernel, capability));
    collect_step(kernel);
    auto const id = memory(kernel).frames[target.frame].id;
    auto const entry = table.entry_for(memory(kernel), target.frame, abi::ObjectId(id, target.index));
    if (entry != base::ListLink::none) {
        table.mark(entry);
        rewrite_form(slot, capability.prepared_as(entry));
    }
    return target;
}

Result<Target> resolve(Kernel& kernel, abi::Capability capability) {
    if (!abi::names_object(capability.type())) return fail(Error::void_capability);
    return by_identifier(kernel, unprepared(kernel, capability));
}

Result<FrameIndex> resident(Kernel& kernel, abi::FrameId id) {
    auto const frame = memory(kernel).frames.find(in_memory(kernel, id));
    if (frame != no_frame) [[likely]]
        return frame;
    // Frame 0 is nobody's, and a non-persistent frame that is not here is nowhere.
    if (!id.is_persistent() || id == abi::FrameId()) return fail(Error::void_capability);
    core(kernel).absent = id;
    return fail(Error::absent);
}

abi::Version version_of(Memory const& memory, Target object) {
    auto const& frame = memory.frames[object.frame];
    auto const& shape = abi::shape_of(frame.type);
    return shape.has_header ? abi::Version(header_of(object, shape).version) : frame.mark;
}

abi::ObjectId object_id_of(Memory const& memory, Target object) {
    return {memory.frames[object.frame].id, object.index};
}

abi::Capability capability_to(Memory const& memory, abi::CapabilityType type, Target object,
                              abi::Rights rights, std::uint32_t payload) {
    expects(abi::row_of(type).frame_type == memory.frames[object.frame].type);
    return abi::Capability::to_object(type, object_id_of(memory, object), version_of(memory, object), rights,
                                      payload);
}

abi::Capability unprepared(ObjectTable const& objects, abi::Capability capability) {
    if (!capability.is_prepared()) return capability;
    return capability.unprepared_as(objects[capability.table_index()].object());
}

abi::Capability diminish(abi::Capability capability) {
    using enum abi::CapabilityType;
    switch (capability.type()) {
    case data_page:
    case capability_page:
    case patt: return capability.with_rights(capability.rights() | abi::Right::read_only | abi::Right::weak);
    case null:
    case number:
    case discrim: return capability;
    case process:
    case restart:
    case endpoint:
    case entry:
    case heap:
    case frame_range:
    case schedule:
    case clock:
    case log:
    case irq:
    case io_ports:
    case device_memory:
    case object_source:
    case checkpoint:
    case system_control: break;
    }
    return abi::Capability::null();
}

void store_capability(Kernel& kernel, SlotLocation slot, abi::Capability capability, Committed const&) {
    auto& state = memory(kernel);
    auto& frame = state.frames[slot.frame];
    auto const& shape = abi::shape_of(frame.type);
    expects(shape.object_size != 0 && slot.offset + sizeof(abi::Capability) <= abi::frame_size);
    open_for_write(state, slot.frame, slot.offset / shape.object_size);
    frame.set(PageFrame::stored_since_scan);
    if (frame.type == abi::FrameType::process) state.frames.unsettle(); // what dispatch found is in its slots
    objects(kernel).note_store(capability);
    rewrite_form(slot, capability);
}

abi::FrameId in_memory(Kernel const& kernel, abi::FrameId id) {
    if (id.is_persistent() || id.boot() != core(kernel).boot_number) return id;
    return abi::FrameId::non_persistent(0, id.physical_frame());
}

abi::Capability on_disk(Kernel const& kernel, abi::Capability capability) {
    expects(!capability.is_prepared());
    // Device capabilities carry the boot number in their payload.
    if (abi::row_of(capability.type()).of_one_boot && capability.payload() == 0)
        return capability.with_payload(core(kernel).boot_number);
    if (!abi::names_object(capability.type())) return capability;
    auto const object = capability.object();
    auto const frame = object.frame();
    if (frame.is_persistent() || frame.boot() != 0) return capability;
    auto const named = abi::FrameId::non_persistent(core(kernel).boot_number, frame.physical_frame());
    return capability.unprepared_as(abi::ObjectId(named, object.index()));
}

} // namespace kernel
