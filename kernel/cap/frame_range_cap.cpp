// SPDX-License-Identifier: Apache-2.0
// Frame ranges: untyped frames become pages, and untyped again.
#include <cap/claims.hpp>
#include <cap/encodings.hpp>
#include <cap/kinds.hpp>

#include <mapping/install.hpp>

#include <kernel/dispatch/frame_range.hpp>

namespace kernel {

namespace {

using namespace frame_range_interface;

// Non-persistent frames are limited by the capability's payload, counted over all holders: authority to them
// exists once, at boot.
Result<FrameIndex> claim_transient(Invocation& call, FrameRange range, abi::FrameType type) {
    auto& claimed = claims(call.kernel()).transient_frames;
    if (claimed >= range.count) return fail(Error::limit_reached);
    auto const frame = TRY(install_transient(call.kernel(), type));
    ++claimed;
    return frame;
}

Result<FrameIndex> claim_persistent(Invocation& call, FrameRange range, std::uint64_t index,
                                    abi::FrameType type) {
    auto& kernel = call.kernel();
    if (index >= range.count) return fail(Error::bad_argument);
    auto const frame = TRY(resident(kernel, abi::FrameId::persistent(range.first + index)));
    if (memory(kernel).frames[frame].type != abi::FrameType::free) return fail(Error::in_use);
    if (!versions_left(kernel, frame)) return fail(Error::retired);
    auto const committed = call.commit();
    retype_frame(kernel, frame, type, committed);
    return frame;
}

Result<abi::Capability> claim_page(Invocation& call, std::uint64_t index, abi::FrameType type,
                                   abi::CapabilityType capability) {
    auto const range = FrameRange::of(call.self());
    auto const frame = TRY(range.transient ? claim_transient(call, range, type)
                                           : claim_persistent(call, range, index, type));
    return capability_to(memory(call.kernel()), capability, {frame, 0});
}

struct FrameRangeOperations {
    Reply claim(Invocation& call, ClaimArguments const& arguments) {
        return answer(call, ClaimResult{TRY(claim_page(call, arguments.index, abi::FrameType::data_page,
                                                       abi::CapabilityType::data_page))});
    }

    Reply claim_capability_page(Invocation& call, ClaimCapabilityPageArguments const& arguments) {
        auto const page = TRY(claim_page(call, arguments.index, abi::FrameType::capability_page,
                                         abi::CapabilityType::capability_page));
        return answer(call, ClaimCapabilityPageResult{page});
    }

    Reply rescind(Invocation& call, RescindArguments const& arguments) {
        auto& kernel = call.kernel();
        auto page = call.page(arguments.page, abi::CapabilityType::data_page);
        if (page.error == Error::wrong_type)
            page = call.page(arguments.page, abi::CapabilityType::capability_page);
        if (page.failed()) return call.refuse(page.error);
        if (call.answers_into(page->frame)) return call.refuse(Error::in_use);
        auto const id = frame_id(kernel, page->frame);
        auto const range = FrameRange::of(call.self());
        bool const inside = range.transient ? !id.is_persistent()
                                            : id.is_persistent() && id.number() >= range.first &&
                                                  id.number() - range.first < range.count;
        if (!inside) return call.refuse(Error::wrong_type);
        if (!versions_left(kernel, page->frame)) return call.refuse(Error::retired);
        auto const committed = call.commit();
        if (!range.transient) {
            retype_frame(kernel, page->frame, abi::FrameType::free, committed);
            return call.answer();
        }
        free_transient(kernel, page->frame);
        --claims(kernel).transient_frames;
        return call.answer();
    }

    Reply make_heap(Invocation& call, MakeHeapArguments const& arguments) {
        auto& kernel = call.kernel();
        auto const range = FrameRange::of(call.self());
        if (!range.transient || arguments.object_type >= abi::frame_type_count ||
            !abi::is_heap_frame(static_cast<abi::FrameType>(arguments.object_type)))
            return call.refuse(Error::bad_argument);
        auto const frame = TRY(claim_transient(call, range, abi::FrameType::heap));
        Target const target{frame, 0};
        auto const committed = call.commit();
        use_object(kernel, target, committed);
        auto& heap = FrameWriter(kernel, frame, 0, committed).object<abi::Heap>();
        heap.object_type = arguments.object_type;
        heap.persistent = 0;
        heap.resident = 1; // R38: what is not persistent has no backing store
        heap.frame_limit = range.count - claims(kernel).transient_frames;
        return answer(call, MakeHeapResult{capability_to(memory(kernel), abi::CapabilityType::heap, target)});
    }
};

} // namespace

Reply invoke_frame_range(Invocation& call) {
    FrameRangeOperations handlers;
    return dispatch_frame_range(handlers, call);
}

} // namespace kernel
