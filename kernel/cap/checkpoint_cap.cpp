// SPDX-License-Identifier: Apache-2.0
// Checkpoints: everybody may ask, the migrator takes, drains and commits.
#include <arch/clock.hpp>
#include <cap/kinds.hpp>
#include <ipc/event.hpp>
#include <mapping/user_memory.hpp>
#include <sched/persistent_clock.hpp>
#include <snapshot/drain.hpp>
#include <snapshot/release.hpp>
#include <snapshot/take.hpp>

#include <abi/boot_slots.hpp>

#include <kernel/dispatch/checkpoint.hpp>

namespace kernel {

namespace {

using namespace checkpoint_interface;

Result<> control(Invocation const& call) {
    if ((call.self().payload() & abi::checkpoint_control) == 0) return fail(Error::no_right);
    return {};
}

// Frames came free or clean: whoever waited for memory tries again.
void wake_writers(Kernel& kernel) { queues(kernel).wake_all(WaitKey::of(WaitKey::Kind::memory)); }

std::uint32_t live_count(Kernel const& kernel) {
    auto const& live = queues(kernel).live();
    return live.count(Place::ready) + live.count(Place::waiting) + live.count(Place::sleeping) +
           live.count(Place::running);
}

struct CheckpointOperations {
    Reply request(Invocation& call) {
        post_bound(call.kernel(), kernel_events(call.kernel()).checkpoint_wanted);
        return call.answer();
    }

    Reply status(Invocation& call) {
        auto const& state = snapshots(call.kernel());
        return answer(call, StatusResult{state.committed_generation, state.committed_frames, state.taken_at,
                                         state.committed_at, state.refused_in_a_row});
    }

    Reply attach(Invocation& call, AttachArguments const& arguments) {
        TRY(control(call));
        auto const endpoint =
            TRY(call.object<abi::Endpoint>(arguments.endpoint, abi::CapabilityType::endpoint));
        kernel_events(call.kernel()).checkpoint_wanted =
            TRY(bind_event(call.kernel(), endpoint, arguments.bits));
        return call.answer();
    }

    Reply take(Invocation& call) {
        TRY(control(call));
        auto& kernel = call.kernel();
        auto const before = arch::now_ns();
        auto const taken = TRY(kernel::take(kernel));
        auto const stop = arch::now_ns() - before;
        auto const clock = persistent_clock(kernel).now();
        snapshots(kernel).in_flight_taken_at = clock;
        return answer(call, TakeResult{taken.epoch, taken.frames, clock, stop, live_count(kernel)});
    }

    Reply drain(Invocation& call, DrainArguments const& arguments) {
        TRY(control(call));
        auto& kernel = call.kernel();
        if (arguments.count == 0 || arguments.count > drain_batch_max)
            return call.refuse(Error::bad_argument);
        std::array<std::span<std::byte>, drain_batch_max> buffers{};
        for (std::size_t i = 0; i < arguments.count; ++i) {
            UserAddress const address(arguments.address + i * abi::frame_size);
            buffers[i] = TRY(resolve_arena(kernel, call.caller().ref, address));
        }
        std::array<FrameImage, drain_batch_max> images{};
        std::uint8_t count = 0;
        for (; count < arguments.count; ++count) {
            auto const more = drain_next(kernel, images[count], buffers[count].first<abi::frame_size>());
            if (more.failed()) return call.refuse(more.error);
            if (!*more) break;
        }
        wake_writers(kernel);
        auto const identity = [&images](std::size_t i) { return images[i].identity_word(); };
        auto const version = [&images](std::size_t i) { return images[i].version_word(); };
        return answer(call, DrainResult{count, identity(0), version(0), identity(1), version(1), identity(2),
                                        version(2), identity(3), version(3)});
    }

    Reply commit(Invocation& call, CommitArguments const& arguments) {
        TRY(control(call));
        auto& kernel = call.kernel();
        TRY(commit_snapshot(kernel, arguments.generation));
        auto& state = snapshots(kernel);
        state.taken_at = state.in_flight_taken_at;
        state.committed_at = persistent_clock(kernel).now();
        wake_writers(kernel);
        queues(kernel).wake_all(WaitKey::of(WaitKey::Kind::generation));
        return call.answer();
    }

    Reply abandon(Invocation& call) {
        TRY(control(call));
        abandon_snapshot(call.kernel());
        wake_writers(call.kernel());
        return call.answer();
    }

    Reply wait_for(Invocation& call, WaitForArguments const& arguments) {
        auto const committed = snapshots(call.kernel()).committed_generation;
        if (committed >= arguments.generation) return answer(call, WaitForResult{committed});
        return call.wait_for(WaitKey::of(WaitKey::Kind::generation));
    }

    Reply requester(Invocation& call) { return answer(call, RequesterResult{call.self().with_payload(0)}); }

    Reply counters(Invocation& call) {
        auto const& kernel = call.kernel();
        auto const& state = snapshots(kernel);
        auto const& epoch = memory(kernel).epoch;
        return answer(call, CountersResult{state.takes, state.stop_instructions, epoch.frozen_frames,
                                           epoch.copied_objects, state.drained_frames,
                                           mappings(kernel).harvested, queues(kernel).user_time.in_flight});
    }
};

} // namespace

Reply invoke_checkpoint(Invocation& call) {
    CheckpointOperations handlers;
    return dispatch_checkpoint(handlers, call);
}

} // namespace kernel
