// SPDX-License-Identifier: Apache-2.0
// Opening a receive phase and going on with it. Everything it needs stands in the process's frame, so that it
// survives a stop, a fault, an eviction and a restart.
#include <ipc/receive.hpp>

#include <ipc/buffer.hpp>
#include <ipc/event.hpp>

#include <mapping/capability_walk.hpp>

namespace kernel {

namespace {

using Control = abi::ControlWord;

Result<> plan_slots(Kernel& kernel, Caller const& caller, abi::ControlWord control, ReceivePlan& plan) {
    plan.accepted = control.get<Control::Accepted>();
    if (plan.accepted == 0) return {};
    auto const& page = virtual_registers(TRY(register_page(kernel, caller.ref)));
    for (std::size_t i = 0; i < plan.accepted; ++i) plan.slots[i] = page.receive_slots[i];
    return {};
}

} // namespace

Result<> plan_reply_wait(Kernel& kernel, Caller const& caller, abi::ControlWord control, EndpointRef reply,
                         ReceivePlan& plan) {
    plan.endpoint = object_id_of(memory(kernel), reply.target());
    return plan_slots(kernel, caller, control, plan);
}

Result<> plan_receive(Kernel& kernel, Caller const& caller, abi::ControlWord control, ReceivePlan& plan) {
    plan.open = control.get<Control::ClosedWait>() == 0;
    TRY(plan_slots(kernel, caller, control, plan));
    if (plan.open) return {};
    auto const slot = virtual_registers(TRY(register_page(kernel, caller.ref))).receive_endpoint;
    auto const found = TRY(capability_walk(kernel, caller.ref, slot, Access::capability_read));
    if (found.rights.has(abi::Right::weak)) return fail(Error::no_right);
    auto const endpoint = TRY(capability_cast<abi::Endpoint>(
        kernel, found.location, abi::CapabilityType::endpoint, {.all = abi::Right::receive}));
    auto const receiver = capability_cast<abi::Process>(
        kernel, object_slot(abi::FrameType::endpoint, endpoint.target(), 0), abi::CapabilityType::process);
    if (is_retry(receiver.error)) return fail(receiver.error);
    if (receiver.failed() || *receiver != caller.ref) return fail(Error::not_supported);
    plan.endpoint = object_id_of(memory(kernel), endpoint.target());
    return {};
}

void open_receive(Caller const& caller, abi::ControlWord control, ReceivePlan const& plan) {
    auto& process = caller.object;
    process.state = abi::RunState::receiving;
    process.open_wait = plan.open ? 1 : 0;
    process.receive_endpoint = plan.endpoint.raw();
    process.receive_control = control.with<Control::ReceivePhase>(1).raw();
    for (std::size_t i = 0; i < plan.accepted; ++i) process.receive_slots[i] = plan.slots[i];
}

Result<ReceiveStep> continue_receive(Kernel& kernel, ProcessRef process, LiveIndex live,
                                     Committed const& committed) {
    if (TRY(deliver_pending(kernel, process, committed))) return ReceiveStep::delivered;
    if (TRY(take_message(kernel, process, live, committed))) return ReceiveStep::delivered;
    auto& queue = queues(kernel);
    auto const frame = frame_id(kernel, process.frame);
    queue.retire(live);
    if (process->open_wait != 0) queue.wake_senders(frame);
    else queue.wake_senders_through(frame, abi::ObjectId(process->receive_endpoint));
    return ReceiveStep::waits;
}

void go_on(abi::Process& process) {
    if (process.receive_control != 0) process.state = abi::RunState::receiving;
    else if (process.wake_time != 0) process.state = abi::RunState::sleeping;
    else process.state = abi::RunState::ready;
}

} // namespace kernel
