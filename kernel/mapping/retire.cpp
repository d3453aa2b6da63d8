// SPDX-License-Identifier: Apache-2.0
// Ends of objects and frames.
#include <mapping/retire.hpp>

#include <mapping/mapping_list.hpp>

#include <abi/objects/object_header.hpp>

namespace kernel {

namespace {

// A fresh object's fields that are not zero.
void shape_object(abi::FrameType type, FrameWriter& writer) {
    if (type == abi::FrameType::patt) {
        auto& patt = writer.object<abi::Patt>();
        patt.size = patt.residual = abi::frame_bits;
        for (auto& prefix : patt.prefixes) prefix = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
    }
    if (type == abi::FrameType::heap) {
        auto& heap = writer.object<abi::Heap>();
        heap.object_type = static_cast<std::uint8_t>(abi::FrameType::patt);
        heap.persistent = heap.resident = 1;
    }
}

abi::ObjectHeader& header_in(FrameIndex frame, unsigned index, abi::FrameShape shape) {
    return base::view<abi::ObjectHeader>(base::Bytes(arch::frame_bytes(frame)),
                                         std::size_t{index} * shape.object_size);
}

} // namespace

void retire_frame(Kernel& kernel, FrameIndex frame) {
    retire_mappings(kernel, frame);
    auto const& header = memory(kernel).frames[frame];
    if (header.type != abi::FrameType::patt) return;
    for (unsigned index = 0; index < abi::shape_of(header.type).objects; ++index)
        forget_node(kernel, {frame, index});
}

bool versions_left(Kernel const& kernel, FrameIndex frame) {
    return !memory(kernel).frames[frame].mark.next().is_retired();
}

void raise_version(Kernel& kernel, Target object, Committed const& committed) {
    auto& frame = memory(kernel).frames[object.frame];
    auto const shape = abi::shape_of(frame.type);
    expects(object.index < shape.objects && versions_left(kernel, object.frame));
    memory(kernel).frames.unsettle();
    // What was translated through the capabilities that become void.
    if (frame.type == abi::FrameType::patt) forget_node(kernel, object);
    if (!shape.has_header) retire_mappings(kernel, object.frame);
    FrameWriter writer(kernel, object.frame, object.index, committed);
    if (!shape.has_header) {
        frame.mark = frame.mark.next();
        return;
    }
    auto& header = header_in(object.frame, object.index, shape);
    auto const next = abi::Version(header.version).next();
    header.version = next.raw();
    if (next > frame.mark) frame.mark = next;
}

void destroy_object(Kernel& kernel, Target object, Committed const& committed) {
    expects(abi::is_heap_frame(memory(kernel).frames[object.frame].type));
    raise_version(kernel, object, committed);
    FrameWriter(kernel, object.frame, object.index, committed).zero();
}

void retype_frame(Kernel& kernel, FrameIndex index, abi::FrameType type, Committed const&) {
    expects(versions_left(kernel, index));
    retire_frame(kernel, index);
    auto& state = memory(kernel);
    auto& frame = state.frames[index];
    state.frames.unsettle();
    open_frame(state, index);
    frame.mark = frame.mark.next();
    frame.type = type;
    auto const bytes = arch::frame_bytes(index);
    std::memset(bytes.data(), 0, bytes.size());
    auto const shape = abi::shape_of(type);
    if (!shape.has_header) return;
    for (unsigned object = 0; object < shape.objects; ++object)
        header_in(index, object, shape).version = frame.mark.raw();
}

void use_object(Kernel& kernel, Target object, Committed const& committed) {
    auto const type = memory(kernel).frames[object.frame].type;
    auto const shape = abi::shape_of(type);
    expects(shape.has_header && object.index < shape.objects);
    FrameWriter writer(kernel, object.frame, object.index, committed);
    auto& header = header_in(object.frame, object.index, shape);
    expects(header.flags == 0);
    header.flags = abi::ObjectHeader::in_use;
    shape_object(type, writer);
}

} // namespace kernel
