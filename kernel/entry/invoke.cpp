// SPDX-License-Identifier: Apache-2.0
// The phases of an invocation. The control word in the caller's registers is the continuation: when the send
// phase is over its bit is cleared there, so that an invocation that starts anew
// goes on with the receive phase.
#include <entry/invoke.hpp>

#include <cap/kinds.hpp>
#include <entry/wait.hpp>
#include <ipc/keeper.hpp>
#include <ipc/receive.hpp>
#include <ipc/send.hpp>
#include <ipc/standing.hpp>
#include <mapping/evict.hpp>

#include <abi/system_call.hpp>

namespace kernel {

namespace {

using Control = abi::ControlWord;

bool sends(Control control) {
    return control.get<Control::SendPhase>() != 0 || control.get<Control::Call>() != 0;
}

void finish(Caller const& caller, Error error) { caller.registers().rax = static_cast<std::uint64_t>(error); }

// A frame is absent, or memory is short: the whole invocation later.
void retry(Kernel& kernel, Caller const& caller, Error error) {
    if (wait_for_retry(kernel, caller.live, error)) return rewind(caller.registers());
    Fault const lost{abi::FaultCode::content_lost, core(kernel).absent.raw()};
    record_fault(kernel, caller.ref, lost, Committed::for_unit("invoke"));
    rewind(caller.registers());
    queues(kernel).make_ready(caller.live);
}

void fail_invocation(Kernel& kernel, Caller const& caller, Error error) {
    if (is_retry(error)) retry(kernel, caller, error);
    else finish(caller, error);
}

// The receive phase of an invocation whose send phase is over, or that has none.
void receive(Kernel& kernel, Caller const& caller, Control control, ReceivePlan const& plan) {
    open_receive(caller, control, plan);
    auto const committed = Committed::for_unit("receive");
    auto const step = continue_receive(kernel, caller.ref, caller.live, committed);
    if (step.failed()) { // the frame of an endpoint with events: dispatch goes on with the open phase
        if (!wait_for_retry(kernel, caller.live, step.error)) queues(kernel).retire(caller.live);
        return;
    }
    bool const polls = control.get<Control::ReceiveNonBlocking>() != 0;
    if (*step == ReceiveStep::waits && polls) queues(kernel).make_ready(caller.live);
}

// Errors of a non-blocking send that belong to the receiver: the message is
// dropped, the receive phase goes on.
bool is_dropped(Control control, Error error) {
    if (control.get<Control::SendNonBlocking>() == 0 || control.get<Control::ReceivePhase>() == 0)
        return false;
    return error == Error::would_block || error == Error::void_capability || error == Error::receiver_broken;
}

enum class Sent : std::uint8_t { done, ended };

// Through an entry, to a process.
Sent send_message(Kernel& kernel, Caller const& caller, Control control, SlotLocation entry) {
    SendPlan plan;
    ReceivePlan reply_wait;
    auto planned = plan_send(kernel, caller, control, entry, plan);
    if (planned && plan.call) planned = plan_reply_wait(kernel, caller, control, plan.reply, reply_wait);
    auto& delivery = plan.delivery;
    if (planned.failed()) {
        if (planned.error == Error::receiver_broken)
            break_receiver(kernel, delivery, Committed::for_unit("invoke"));
        if (is_dropped(control, planned.error)) return Sent::done;
        if (planned.error == Error::would_block && control.get<Control::SendNonBlocking>() == 0) {
            rewind(caller.registers());
            queues(kernel).block(caller.live, delivery.wait,
                                 object_id_of(memory(kernel), delivery.endpoint.target()));
            return Sent::ended;
        }
        fail_invocation(kernel, caller, planned.error);
        return Sent::ended;
    }
    commit_send(kernel, caller, plan, Committed::for_unit("invoke"));
    if (!plan.call) return Sent::done;
    receive(kernel, caller, control, reply_wait);
    return Sent::ended;
}

// A kernel capability answers at once.
Sent invoke_kernel(Kernel& kernel, Caller const& caller, Control control, CapabilitySlot invoked) {
    Invocation call(kernel, caller, control, invoked);
    if (call.self().is_null()) {
        if (is_dropped(control, Error::void_capability)) return Sent::done;
        finish(caller, Error::void_capability);
        return Sent::ended;
    }
    auto const prepared = call.prepare();
    if (prepared.failed()) {
        fail_invocation(kernel, caller, prepared.error);
        return Sent::ended;
    }
    auto const type = static_cast<std::size_t>(call.self().type());
    auto const reply =
        type < capability_kinds.size() ? capability_kinds[type].function(call) : invoke_null(call);
    if (reply.error == Error::absent) {
        retry(kernel, caller, reply.error);
        return Sent::ended;
    }
    if (!reply.answered) call.answer_error(reply.error);
    // It sleeps, waits or has stopped itself: no receive phase on top of that.
    if (queues(kernel).running() != caller.live) return Sent::ended;
    bool const receives = control.get<Control::ReceivePhase>() != 0 && control.get<Control::Call>() == 0;
    return receives ? Sent::done : Sent::ended;
}

// Where the invoked capability stands. What dispatch found of the caller's capability space saves the walk.
Result<CapabilitySlot> find_invoked(Kernel& kernel, Caller const& caller) {
    auto const slot = caller.registers().rsi;
    auto const* standing = standings(kernel).find(kernel, caller.live, caller.ref.frame);
    if (standing == nullptr || standing->capability_page == no_frame || slot >= abi::capabilities_per_page)
        return capability_walk(kernel, caller.ref, slot, Access::capability_read);
    memory(kernel).frames[standing->capability_page].set(PageFrame::referenced);
    return CapabilitySlot{page_slot(standing->capability_page, static_cast<std::uint32_t>(slot)), {}};
}

Sent send(Kernel& kernel, Caller const& caller, Control control) {
    auto const invoked = find_invoked(kernel, caller);
    if (invoked.failed()) {
        fail_invocation(kernel, caller, invoked.error);
        return Sent::ended;
    }
    auto const type = read_slot(invoked->location).type();
    if (type == abi::CapabilityType::entry && !invoked->rights.has(abi::Right::weak))
        return send_message(kernel, caller, control, invoked->location);
    return invoke_kernel(kernel, caller, control, *invoked);
}

void copy_capability(Kernel& kernel, Caller const& caller) {
    auto& registers = caller.registers();
    auto const from = capability_walk(kernel, caller.ref, registers.rsi, Access::capability_read);
    if (from.failed()) return fail_invocation(kernel, caller, from.error);
    auto const to = capability_walk(kernel, caller.ref, registers.rdi, Access::capability_write);
    if (to.failed()) return fail_invocation(kernel, caller, to.error);
    store_capability(kernel, to->location, fetch_capability(*from), Committed::for_unit("copy"));
    finish(caller, Error::none);
}

} // namespace

void invoke(Kernel& kernel, Caller const& caller) {
    Control control(caller.registers().rdi);
    if (control.get<Control::StringCode>() != 0) return finish(caller, Error::not_supported);
    if (!control.well_formed()) return finish(caller, Error::malformed_message);
    if (sends(control)) {
        if (send(kernel, caller, control) == Sent::ended) return;
        if (control.get<Control::ReceivePhase>() == 0) return finish(caller, Error::none);
        control = control.with<Control::SendPhase>(0);
        caller.registers().rdi = control.raw();
    }
    if (control.get<Control::ReceivePhase>() == 0) return finish(caller, Error::none);
    ReceivePlan plan;
    auto const planned = plan_receive(kernel, caller, control, plan);
    if (planned.failed()) return fail_invocation(kernel, caller, planned.error);
    receive(kernel, caller, control, plan);
}

void system_call(Kernel& kernel, Caller const& caller) {
    bool const persistent = frame_id(kernel, caller.ref.frame).is_persistent();
    if (admit_writes(kernel, persistent ? Urgency::normal : Urgency::resident).failed())
        return retry(kernel, caller, Error::no_memory);
    switch (static_cast<abi::SystemCall>(caller.registers().rax)) {
    case abi::SystemCall::invoke: return invoke(kernel, caller);
    case abi::SystemCall::copy_capability: return copy_capability(kernel, caller);
    case abi::SystemCall::yield: finish(caller, Error::none); return queues(kernel).end_slice();
    }
    // A keeper may implement a foreign system: it finds the number in rax, and rip behind the instruction.
    record_fault(kernel, caller.ref, {abi::FaultCode::foreign_system_call, caller.registers().rip},
                 Committed::for_unit("invoke"));
    queues(kernel).make_ready(caller.live);
}

} // namespace kernel
