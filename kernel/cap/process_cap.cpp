// SPDX-License-Identifier: Apache-2.0
// Processes: slots, registers, stop and resume, what they are at.
#include <cap/kinds.hpp>

#include <ipc/keeper.hpp>

#include <kernel/dispatch/process.hpp>

#include <array>
#include <bit>

namespace kernel {

namespace {

using namespace process_interface;

constexpr bool is_open_slot(std::uint64_t slot) {
    return slot < abi::process_slots && slot != static_cast<std::uint64_t>(abi::ProcessSlot::brand);
}

abi::Process& writable(Invocation const& call, ProcessRef process, Committed const& committed) {
    return FrameWriter(call.kernel(), process.frame, 0, committed).object<abi::Process>();
}

Result<LiveIndex> live_entry(Invocation const& call, ProcessRef process) {
    return queues(call.kernel()).live().enter(frame_id(call.kernel(), process.frame));
}

constexpr bool is_faulted(abi::RunState state) {
    return state == abi::RunState::faulted || state == abi::RunState::reported;
}

WaitsResult waits_for(abi::WaitCause cause, abi::ObjectId object, std::uint64_t wake_time = 0) {
    return {static_cast<std::uint8_t>(cause), object.raw(), wake_time};
}

// Of one whose invocation stands in a queue.
WaitsResult queued_wait(WaitKey key) {
    using Cause = abi::WaitCause;
    auto const frame = abi::ObjectId(abi::FrameId(key.id()), 0);
    switch (key.kind()) {
    case WaitKey::Kind::none: break;
    case WaitKey::Kind::frame: return waits_for(Cause::frame, frame);
    case WaitKey::Kind::endpoint: return waits_for(Cause::no_receiver, abi::ObjectId(key.id()));
    case WaitKey::Kind::receiver: return waits_for(Cause::receiver, frame);
    case WaitKey::Kind::wanted:
    case WaitKey::Kind::memory: return waits_for(Cause::memory, {});
    case WaitKey::Kind::hold: return waits_for(Cause::hold, {});
    case WaitKey::Kind::generation: return waits_for(Cause::commit, {});
    }
    return waits_for(Cause::nothing, {});
}

// What stands in its frame first: that is what it goes on with, whatever its turn waits for now.
WaitsResult wait_of(Kernel const& kernel, ProcessRef process) {
    using Cause = abi::WaitCause;
    auto const& object = process.get();
    bool const receives = object.state == abi::RunState::receiving || object.state == abi::RunState::stopped;
    if (receives && object.receive_control != 0) {
        if (object.open_wait != 0) return waits_for(Cause::message, {});
        return waits_for(Cause::message_from, abi::ObjectId(object.receive_endpoint));
    }
    if (object.wake_time != 0) return waits_for(Cause::time, {}, object.wake_time);
    auto const& live = queues(kernel).live();
    auto const index = live.find(frame_id(kernel, process.frame));
    if (index == no_process || live[index].place != Place::waiting) return waits_for(Cause::nothing, {});
    return queued_wait(WaitKey::from_raw(live[index].key));
}

struct ProcessOperations {
    Reply set_slot(Invocation& call, SetSlotArguments const& arguments) {
        if (!is_open_slot(arguments.slot)) return call.refuse(Error::bad_argument);
        auto const process = TRY(call.target_as<abi::Process>());
        auto const capability = TRY(call.capability(arguments.capability));
        auto const live = TRY(live_entry(call, process));
        auto const committed = call.commit();
        auto& queue = queues(call.kernel());
        store_capability(call.kernel(), process_slot(process, static_cast<abi::ProcessSlot>(arguments.slot)),
                         capability, committed);
        // A running process gets its new space or schedule by another dispatch; a
        // faulted one may have a keeper now.
        if (arguments.slot == static_cast<std::uint64_t>(abi::ProcessSlot::schedule))
            queue.forget_priority(live);
        if (queue.is_running(live)) queue.request_reschedule();
        else if (process->state == abi::RunState::faulted) queue.make_ready(live);
        return call.answer();
    }

    Reply get_slot(Invocation& call, GetSlotArguments const& arguments) {
        if (!is_open_slot(arguments.slot)) return call.refuse(Error::bad_argument);
        auto const process = TRY(call.target_as<abi::Process>());
        return answer(call, GetSlotResult{process->slots[arguments.slot]});
    }

    Reply set_registers(Invocation& call, SetRegistersArguments const& arguments) {
        auto const process = TRY(call.target_as<abi::Process>());
        if (process->state != abi::RunState::stopped && !is_faulted(process->state))
            return call.refuse(Error::in_use);
        auto const committed = call.commit();
        auto& object = writable(call, process, committed);
        object.registers = {};
        object.registers.rip = arguments.program_counter;
        object.registers.rsp = arguments.stack_pointer;
        object.registers.rdi = arguments.argument;
        object.xsave.fill(0);
        object.receive_control = 0; // whatever it was waiting for, it does not go on with it
        object.wake_time = 0;
        object.wait_boot = 0;
        return call.answer();
    }

    Reply resume(Invocation& call, ResumeArguments const& arguments) {
        auto const process = TRY(call.target_as<abi::Process>());
        if (process->state != abi::RunState::stopped && !is_faulted(process->state)) return call.answer();
        auto const live = TRY(live_entry(call, process));
        auto const committed = call.commit();
        end_fault(call.kernel(), process, arguments.cancel_fault, committed);
        queues(call.kernel()).make_ready(live);
        return call.answer();
    }

    Reply stop(Invocation& call) {
        auto const process = TRY(call.target_as<abi::Process>());
        auto const live = TRY(live_entry(call, process));
        auto const committed = call.commit();
        auto const reply = call.answer(); // the caller may be the one that stops
        writable(call, process, committed).state = abi::RunState::stopped;
        queues(call.kernel()).retire(live);
        return reply;
    }

    Reply state(Invocation& call) {
        auto const process = TRY(call.target_as<abi::Process>());
        return answer(call,
                      StateResult{static_cast<std::uint8_t>(process->state), process->fault_code,
                                  process->fault_address, process->registers.rip, process->registers.rsp});
    }

    Reply make_restart(Invocation& call) {
        auto const process = TRY(call.target_as<abi::Process>());
        return answer(call, MakeRestartResult{restart_capability(call.kernel(), process)});
    }

    Reply name(Invocation& call) {
        auto const process = TRY(call.target_as<abi::Process>());
        auto const text = std::bit_cast<std::array<std::uint64_t, 4>>(process->name);
        return answer(call, NameResult{text[0], text[1], text[2], text[3]});
    }

    Reply registers(Invocation& call) {
        auto const process = TRY(call.target_as<abi::Process>());
        return answer(call, std::bit_cast<RegistersResult>(process->registers));
    }

    Reply waits(Invocation& call) {
        auto const process = TRY(call.target_as<abi::Process>());
        return answer(call, wait_of(call.kernel(), process));
    }
};

} // namespace

Reply invoke_process(Invocation& call) {
    ProcessOperations handlers;
    return dispatch_process(handlers, call);
}

} // namespace kernel
