// SPDX-License-Identifier: Apache-2.0
// Processes: slots, registers, stop and resume.
#include <cap/kinds.hpp>

#include <ipc/keeper.hpp>

#include <kernel/dispatch/process.hpp>

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
};

} // namespace

Reply invoke_process(Invocation& call) {
    ProcessOperations handlers;
    return dispatch_process(handlers, call);
}

} // namespace kernel
