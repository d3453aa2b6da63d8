// SPDX-License-Identifier: Apache-2.0
// The migrator's side of fetch and restore.
#include <arch/xsave.hpp>
#include <cap/encodings.hpp>
#include <cap/kinds.hpp>
#include <fetch/supply.hpp>
#include <ipc/event.hpp>
#include <mapping/user_memory.hpp>
#include <sched/persistent_clock.hpp>

#include <kernel/dispatch/object_source.hpp>

namespace kernel {

namespace {

using namespace object_source_interface;

constexpr std::size_t batch_max = 6;

struct ObjectSource {
    Reply attach(Invocation& call, AttachArguments const& arguments) {
        auto& kernel = call.kernel();
        auto const endpoint =
            TRY(call.object<abi::Endpoint>(arguments.endpoint, abi::CapabilityType::endpoint));
        kernel_events(kernel).frames_wanted = TRY(bind_event(kernel, endpoint, arguments.bits));
        if (kernel::requests(kernel).count() != 0) post_bound(kernel, kernel_events(kernel).frames_wanted);
        return call.answer();
    }

    Reply requests(Invocation& call) {
        std::array<std::uint64_t, batch_max> frames{};
        std::uint8_t count = 0;
        while (count < batch_max) {
            auto const frame = kernel::requests(call.kernel()).take();
            if (frame.raw() == 0) break;
            frames[count++] = frame.raw();
        }
        return answer(
            call, RequestsResult{count, frames[0], frames[1], frames[2], frames[3], frames[4], frames[5]});
    }

    Reply supply(Invocation& call, SupplyArguments const& arguments) {
        auto const content = resolve_arena(call.kernel(), call.caller().ref, UserAddress(arguments.address));
        if (content.failed()) return call.refuse(content.error);
        if (arguments.type == 0 || arguments.type >= abi::frame_type_count)
            return call.refuse(Error::corrupt);
        TRY(supply_frame(call.kernel(),
                         {abi::FrameId(arguments.frame), static_cast<abi::FrameType>(arguments.type),
                          abi::Version(arguments.version)},
                         content->first<abi::frame_size>()));
        return call.answer();
    }

    Reply absent(Invocation& call, AbsentArguments const& arguments) {
        TRY(supply_frame(
            call.kernel(),
            {abi::FrameId(arguments.frame), abi::FrameType::free, abi::Version(arguments.version)}, {}));
        return call.answer();
    }

    Reply corrupt(Invocation& call, CorruptArguments const& arguments) {
        lose_frame(call.kernel(), abi::FrameId(arguments.frame));
        return call.answer();
    }

    // Persistent processes stay held until resume. The root page is never
    // destroyed: its version is the first.
    Reply restore(Invocation& call, RestoreArguments const& arguments) {
        auto& kernel = call.kernel();
        auto& state = core(kernel);
        if (state.boot_number != 0) return call.refuse(Error::in_use);
        if (arguments.boot_number == 0) return call.refuse(Error::bad_argument);
        if ((arguments.processor_features & ~arch::available_vector_features()) != 0)
            return call.refuse(Error::not_supported);
        arch::enable_vector_features(arguments.processor_features);
        state.boot_number = arguments.boot_number;
        state.hold = true;
        memory(kernel).frames.unsettle();
        persistent_clock(kernel).restore(arguments.clock_base);
        return answer(call,
                      RestoreResult{abi::Capability::to_object(abi::CapabilityType::capability_page,
                                                               {abi::root_frame, 0}, abi::first_version)});
    }

    Reply make_live(Invocation& call, MakeLiveArguments const& arguments) {
        std::array const frames{arguments.frame0, arguments.frame1, arguments.frame2,
                                arguments.frame3, arguments.frame4, arguments.frame5};
        auto& queue = queues(call.kernel());
        if (arguments.count > batch_max) return call.refuse(Error::bad_argument);
        for (std::size_t i = 0; i < arguments.count; ++i)
            queue.make_ready(TRY(queue.live().enter(abi::FrameId(frames[i]))));
        return call.answer();
    }

    Reply resume(Invocation& call, ResumeArguments const& arguments) {
        core(call.kernel()).hold = arguments.hold;
        if (!arguments.hold) queues(call.kernel()).wake_all(WaitKey::of(WaitKey::Kind::hold));
        return call.answer();
    }
};

} // namespace

Reply invoke_object_source(Invocation& call) {
    if (!is_of_this_boot(call.self().payload(), core(call.kernel()).boot_number))
        return call.refuse(Error::void_capability);
    ObjectSource handlers;
    return dispatch_object_source(handlers, call);
}

} // namespace kernel
