// SPDX-License-Identifier: Apache-2.0
// What a process was at when it last stood in its frame, and what it therefore does when its turn comes.
#include <entry/dispatch.hpp>

#include <arch/user_state.hpp>
#include <core/log.hpp>
#include <entry/wait.hpp>
#include <ipc/keeper.hpp>
#include <ipc/receive.hpp>
#include <ipc/reply.hpp>
#include <mapping/evict.hpp>
#include <mapping/map_fault.hpp>
#include <sched/persistent_clock.hpp>

namespace kernel {

namespace {

using Control = abi::ControlWord;

// A process whose turn it is.
struct Turn {
    Kernel& kernel;
    LiveIndex live;
    ProcessRef process{};
    Committed const& committed;

    abi::Process& writable() const {
        return FrameWriter(kernel, process.frame, 0, committed).object<abi::Process>();
    }
    // Something is not there yet. A frame whose content is lost is a fault of the process that needs it.
    bool wait(Error error) const {
        if (!wait_for_retry(kernel, live, error))
            fault({abi::FaultCode::content_lost, core(kernel).absent.raw()});
        return false;
    }
    bool fault(Fault what) const {
        record_fault(kernel, process, what, committed);
        queues(kernel).make_ready(live);
        return false;
    }
    // Retry errors wait; any other is this fault.
    bool refuse(Error error, abi::FaultCode code) const {
        return is_retry(error) ? wait(error) : fault({code, process->registers.rip});
    }
};

std::string_view name_of(abi::Process const& process) {
    std::size_t length = 0;
    while (length < process.name.size() && process.name[length] != 0) ++length;
    return {process.name.data(), length};
}

void complete(abi::Process& process, Error error) {
    process.registers.rax = static_cast<std::uint64_t>(error);
    process.receive_control = 0;
    process.wait_boot = 0;
    process.state = abi::RunState::ready;
}

bool go_on_receiving(Turn const& turn) {
    auto const& process = turn.process.get();
    auto const boot = core(turn.kernel).boot_number;
    if (process.wait_boot != 0 && process.wait_boot != boot) { // R17
        complete(turn.writable(), Error::restarted);
        return true;
    }
    auto const step = continue_receive(turn.kernel, turn.process, turn.live, turn.committed);
    if (step.failed()) return turn.wait(step.error);
    if (*step == ReceiveStep::delivered) return false; // ready again, behind its equals
    if (Control(process.receive_control).get<Control::ReceiveNonBlocking>() == 0) return false;
    complete(turn.writable(), Error::would_block);
    queues(turn.kernel).make_ready(turn.live);
    return false;
}

bool go_on_sleeping(Turn const& turn) {
    if (turn.process->wake_time > persistent_clock(turn.kernel).now()) {
        queues(turn.kernel).sleep(turn.live, turn.process->wake_time);
        return false;
    }
    auto& process = turn.writable();
    process.wake_time = 0;
    complete(process, Error::none);
    process.registers.rdi = Control()
                                .with<Control::Words>(1)
                                .with<Control::Kind>(static_cast<unsigned>(abi::MessageKind::reply))
                                .raw();
    process.registers.rsi = 0;
    process.registers.rdx = 0;
    return true;
}

bool go_on_faulted(Turn const& turn) {
    auto const outcome = tell_keeper(turn.kernel, turn.process, turn.committed);
    if (outcome.failed()) {
        if (wait_for_retry(turn.kernel, turn.live, outcome.error)) return false;
        queues(turn.kernel).retire(turn.live); // its keeper is lost as well
        return false;
    }
    auto& queue = queues(turn.kernel);
    switch (outcome->step) {
    case KeeperStep::told: queue.retire(turn.live); return false;
    case KeeperStep::mended: queue.make_ready(turn.live); return false;
    case KeeperStep::waits: queue.block(turn.live, outcome->wait, outcome->endpoint); return false;
    case KeeperStep::silent: break;
    }
    auto const& process = turn.process.get();
    // A resident program that dies may be the one that prints.
    if (!frame_id(turn.kernel, turn.process.frame).is_persistent()) kernel_log().take_serial();
    auto const code = process.fault_code < abi::fault_names.size() ? process.fault_code : 0;
    log("process ", base::Hex{frame_id(turn.kernel, turn.process.frame).raw()}, " '", name_of(process),
        "' faulted: ", abi::fault_names[code], " at ", base::Hex{process.fault_address}, ", rip ",
        base::Hex{process.registers.rip});
    queue.retire(turn.live);
    return false;
}

// May the process, as its state says, run?
bool go_on(Turn const& turn) {
    switch (turn.process->state) {
    case abi::RunState::ready: return true;
    case abi::RunState::receiving: return go_on_receiving(turn);
    case abi::RunState::sleeping: return go_on_sleeping(turn);
    case abi::RunState::faulted: return go_on_faulted(turn);
    case abi::RunState::stopped:
    case abi::RunState::reported: break;
    }
    queues(turn.kernel).retire(turn.live);
    return false;
}

// The priority that the schedule says. False: the schedule is not there, or others come first now.
bool has_its_turn(Turn const& turn) {
    auto const schedule = capability_cast<abi::Schedule>(
        turn.kernel, process_slot(turn.process, abi::ProcessSlot::schedule), abi::CapabilityType::schedule);
    if (schedule.failed()) return turn.refuse(schedule.error, abi::FaultCode::no_schedule);
    auto& queue = queues(turn.kernel);
    auto const priority = static_cast<std::uint8_t>((*schedule)->priority % abi::priority_count);
    if (priority == queue.live()[turn.live].priority) return true;
    queue.set_priority(turn.live, priority);
    if (!queue.has_ready_above(priority)) return true;
    queue.make_ready(turn.live);
    return false;
}

// What the fast path wants to know; nothing that the process could not run without.
void find_message_pages(Turn const& turn, Standing& found) {
    auto& kernel = turn.kernel;
    auto const page = page_cast(kernel, process_slot(turn.process, abi::ProcessSlot::capability_space),
                                abi::CapabilityType::capability_page, need_write);
    if (page) found.capability_page = page->frame;
    auto const reply = reply_endpoint(kernel, turn.process);
    if (reply) found.reply = *reply;
    found.incomplete = page.error == Error::absent || reply.error == Error::absent;
}

// Everything that the process needs to run, its space loaded. False: it waits, or is faulted.
bool find_standing(Turn const& turn) {
    auto& kernel = turn.kernel;
    auto const* known = standings(kernel).find(kernel, turn.live, turn.process.frame);
    if (known != nullptr) [[likely]] {
        enter_space(kernel, known->space_index, known->space);
        return true;
    }
    if (!has_its_turn(turn)) return false;
    Standing found;
    found.validity = memory(kernel).frames.validity();
    found.live = turn.live;
    found.process = turn.process.frame;
    found.priority = queues(kernel).live()[turn.live].priority;
    auto const page = register_page(kernel, turn.process);
    if (page.failed()) return turn.refuse(page.error, abi::FaultCode::no_virtual_registers);
    auto const space = load_space(kernel, turn.process);
    if (space.failed()) return turn.refuse(space.error, abi::FaultCode::no_address_space);
    found.register_page = page->frame;
    found.space = *space;
    found.space_index = mappings(kernel).loaded;
    find_message_pages(turn, found);
    standings(kernel).keep(found);
    return true;
}

} // namespace

bool prepare_running(Kernel& kernel, Dispatched& dispatched) {
    auto& queue = queues(kernel);
    auto const live = queue.running();
    auto const id = queue.live().frame(live);
    auto const committed = Committed::for_unit("dispatch");
    Turn turn{kernel, live, {}, committed};
    if (id.is_persistent() && core(kernel).hold) {
        queue.block(live, WaitKey::of(WaitKey::Kind::hold));
        return false;
    }
    if (id.is_persistent() && admit_writes(kernel, Urgency::normal).failed()) {
        static_cast<void>(wait_for_retry(kernel, live, Error::no_memory));
        return false;
    }
    auto const frame = resident(kernel, id);
    if (frame.error == Error::absent && wait_for_retry(kernel, live, frame.error)) return false;
    if (frame.failed() || memory(kernel).frames[*frame].type != abi::FrameType::process ||
        object_view<abi::Process>(*frame).header.flags != abi::ObjectHeader::in_use) {
        queue.retire(live); // destroyed, or lost
        return false;
    }
    turn.process = {*frame, 0};
    if (!go_on(turn) || !find_standing(turn)) return false;
    dispatched.process = turn.process;
    dispatched.object = &turn.writable();
    if (arch::can_return(dispatched.object->registers)) return true;
    return turn.fault({abi::FaultCode::bad_register_state, dispatched.object->registers.rip});
}

} // namespace kernel
