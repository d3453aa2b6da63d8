// SPDX-License-Identifier: Apache-2.0
// Heaps: untyped frames become frames of objects; objects come into use and end.
#include <cap/kinds.hpp>

#include <ipc/delivery.hpp>
#include <mapping/retire.hpp>

#include <kernel/dispatch/heap.hpp>

namespace kernel {

namespace {

using namespace heap_interface;

// The capability type that names objects of a heap frame.
constexpr abi::CapabilityType object_capability(abi::FrameType type) {
    switch (type) {
    case abi::FrameType::patt: return abi::CapabilityType::patt;
    case abi::FrameType::process: return abi::CapabilityType::process;
    case abi::FrameType::endpoint: return abi::CapabilityType::endpoint;
    case abi::FrameType::schedule: return abi::CapabilityType::schedule;
    case abi::FrameType::heap: return abi::CapabilityType::heap;
    case abi::FrameType::free:
    case abi::FrameType::data_page:
    case abi::FrameType::capability_page: break;
    }
    return abi::CapabilityType::null;
}

abi::FrameType type_of(HeapRef heap) { return static_cast<abi::FrameType>(heap->object_type); }

struct HeapOperations {
    Reply admit(Invocation& call, AdmitArguments const& arguments) {
        auto& kernel = call.kernel();
        auto const heap = TRY(call.target_as<abi::Heap>());
        auto const page = call.page(arguments.page, abi::CapabilityType::data_page,
                                    {.all = {}, .none = abi::page_restrictions});
        if (page.error == Error::no_right) return call.refuse(Error::wrong_type);
        if (page.failed()) return call.refuse(page.error);
        if (heap->frame_count >= heap->frame_limit) return call.refuse(Error::limit_reached);
        auto const id = frame_id(kernel, page->frame);
        if (id.is_persistent() != (heap->persistent != 0)) return call.refuse(Error::bad_argument);
        if (!versions_left(kernel, page->frame)) return call.refuse(Error::retired);
        auto const committed = call.commit();
        retype_frame(kernel, page->frame, type_of(heap), committed);
        ++FrameWriter(kernel, heap.frame, heap.index, committed).object<abi::Heap>().frame_count;
        return answer(call, AdmitResult{id.raw()});
    }

    Reply object(Invocation& call, ObjectArguments const& arguments) {
        auto& kernel = call.kernel();
        auto const heap = TRY(call.target_as<abi::Heap>());
        abi::FrameId const id(arguments.frame);
        if (id.raw() != arguments.frame || id.number() == 0) return call.refuse(Error::bad_argument);
        auto const frame = resident(kernel, id);
        if (frame.error == Error::absent) return call.refuse(Error::absent);
        auto const type = type_of(heap);
        if (frame.failed() || memory(kernel).frames[*frame].type != type ||
            arguments.index >= abi::shape_of(type).objects)
            return call.refuse(Error::bad_argument);
        Target const target{*frame, arguments.index};
        auto const committed = call.commit();
        auto const& header =
            base::view<abi::ObjectHeader>(base::ConstBytes(arch::frame_bytes(*frame)),
                                          arguments.index * std::size_t{abi::shape_of(type).object_size});
        if (header.flags != abi::ObjectHeader::in_use) use_object(kernel, target, committed);
        auto const rights = type == abi::FrameType::endpoint ? abi::endpoint_permissions : abi::Rights();
        return answer(call,
                      ObjectResult{capability_to(memory(kernel), object_capability(type), target, rights)});
    }

    Reply destroy(Invocation& call, DestroyArguments const& arguments) {
        auto& kernel = call.kernel();
        auto const heap = TRY(call.target_as<abi::Heap>());
        auto const slot = TRY(call.slot(arguments.capability));
        auto const capability = fetch_capability(slot);
        auto const type = type_of(heap);
        if (capability.type() != object_capability(type)) return call.refuse(Error::wrong_type);
        auto const target = TRY(kernel::prepare(kernel, slot.location));
        if (type == abi::FrameType::process && target.frame == call.caller().ref.frame)
            return call.refuse(Error::in_use); // nobody would be there for the answer
        if (!versions_left(kernel, target.frame)) return call.refuse(Error::retired);
        auto const committed = call.commit();
        if (type == abi::FrameType::endpoint) wake_senders(kernel, {target.frame, target.index});
        destroy_object(kernel, target, committed);
        return call.answer();
    }
};

} // namespace

Reply invoke_heap(Invocation& call) {
    HeapOperations handlers;
    return dispatch_heap(handlers, call);
}

} // namespace kernel
