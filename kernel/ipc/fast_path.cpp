// SPDX-License-Identifier: Apache-2.0
// Checks first, changes after the banner.
#include <ipc/fast_path.hpp>

#include <ipc/buffer.hpp>
#include <ipc/receive.hpp>
#include <ipc/reply.hpp>
#include <ipc/words.hpp>

#include <arch/user_state.hpp>
#include <core/log.hpp>
#include <mapping/evict.hpp>
#include <mapping/map_fault.hpp>

namespace kernel {

namespace {

using Control = abi::ControlWord;

constexpr std::uint64_t counts = Control::Words::mask | Control::Accepted::mask;
constexpr std::uint64_t answer_phases =
    Control().with<Control::SendPhase>(1).with<Control::ReceivePhase>(1).raw();
constexpr std::uint64_t call_phases = answer_phases | Control::Call::mask;

// The object of a prepared capability, if that is what it says: the frame is there, type and version agree.
template <base::WireType T>
ObjectRef<T> at_hand(Kernel const& kernel, abi::Capability capability, abi::CapabilityType type) {
    if (!capability.is_prepared() || capability.type() != type) return {};
    auto const& entry = objects(kernel)[capability.table_index()];
    if (entry.frame == no_frame || memory(kernel).frames[entry.frame].type != abi::row_of(type).frame_type)
        return {};
    ObjectRef<T> const object{entry.frame, entry.object().index()};
    auto const& header = object->header;
    bool const meant =
        header.version == capability.version().raw() && (header.flags & abi::ObjectHeader::in_use) != 0;
    return meant ? object : ObjectRef<T>{};
}

// What one message needs.
struct Passage {
    Control control;
    bool call = false;
    Standing const* sender = nullptr;
    Standing const* receiver = nullptr;
    EndpointRef endpoint;
    std::uint32_t payload = 0;
};

// Nothing that the way out of the kernel would have to see to first, and room for the changes.
bool is_quiet(Kernel& kernel) {
    return !queues(kernel).reschedule() && !memory(kernel).epoch.end_wanted && !kernel_log().has_news() &&
           has_room_for_writes(memory(kernel));
}

bool find_form(Caller const& caller, Passage& passage) {
    passage.control = Control(caller.registers().rdi);
    auto const raw = passage.control.raw() & ~counts;
    passage.call = raw == call_phases;
    return (passage.call || (raw & ~Control::SendNonBlocking::mask) == answer_phases) &&
           passage.control.get<Control::Words>() <= abi::message_register_words &&
           passage.control.get<Control::Accepted>() <= abi::message_capabilities_max;
}

// The caller has nothing to receive at once: no events, no kept messages, nobody who waits to send to it.
bool would_wait(Kernel const& kernel, Caller const& caller) {
    auto const& object = caller.object;
    return object.event_endpoint_count == 0 && object.full_endpoint_count == 0 &&
           !queues(kernel).anybody_waits(WaitKey::receiver(frame_id(kernel, caller.ref.frame)));
}

// What a message would have needed of this process was not in memory when it was dispatched: the message
// takes the long way, which fetches it, and the next dispatch finds it.
bool ask_again(Kernel& kernel, Standing const& standing) {
    if (standing.incomplete) standings(kernel).forget(standing.live);
    return false;
}

// It can be answered.
bool has_reply_endpoint(Kernel& kernel, Passage const& passage) {
    auto const reply = passage.sender->reply;
    if (reply.frame == no_frame) return ask_again(kernel, *passage.sender);
    return reply->payload_match != 0 && reply->reply_count < reply_count_max;
}

bool find_endpoint(Kernel& kernel, Caller const& caller, Passage& passage) {
    auto const page = passage.sender->capability_page;
    auto const slot = caller.registers().rsi;
    if (page == no_frame) return ask_again(kernel, *passage.sender);
    if (slot >= abi::capabilities_per_page) return false;
    auto const entry = read_slot(page_slot(page, static_cast<std::uint32_t>(slot)));
    passage.endpoint = at_hand<abi::Endpoint>(kernel, entry, abi::CapabilityType::entry);
    passage.payload = entry.payload();
    if (passage.endpoint.frame == no_frame || is_full(passage.endpoint.get())) return false;
    return passage.endpoint->payload_match == 0 || passage.payload == passage.endpoint->reply_count;
}

// It waits for this endpoint, has all that a dispatch asks for, and nobody goes before it.
bool find_receiver(Kernel& kernel, Passage& passage) {
    auto const process =
        at_hand<abi::Process>(kernel, passage.endpoint->receiver, abi::CapabilityType::process);
    if (process.frame == no_frame) return false;
    auto const id = object_id_of(memory(kernel), passage.endpoint.target());
    if (!receives_from(process.get(), id)) return false;
    auto const& live = queues(kernel).live();
    auto const index = live.find(frame_id(kernel, process.frame));
    if (index == no_process || live[index].place != Place::idle) return false;
    passage.receiver = standings(kernel).find(kernel, index, process.frame);
    if (passage.receiver == nullptr) return false;
    if (passage.receiver->capability_page == no_frame) return ask_again(kernel, *passage.receiver);
    return arch::is_user_address(process->registers.rip) &&
           !queues(kernel).has_ready_above(passage.receiver->priority);
}

bool has_places(Passage const& passage) {
    ProcessRef const process{passage.receiver->process, 0};
    auto const accepted = Control(process->receive_control).get<Control::Accepted>();
    for (std::size_t i = 0; i < accepted; ++i)
        if (process->receive_slots[i] >= abi::capabilities_per_page) return false;
    return true;
}

// ---- point of no return ----

abi::Capability new_reply_entry(Kernel& kernel, Caller const& caller, EndpointRef reply,
                                Committed const& committed) {
    FrameWriter writer(kernel, reply.frame, reply.index, committed);
    auto const count = ++writer.object<abi::Endpoint>().reply_count;
    return caller.object.slots[static_cast<std::size_t>(abi::ProcessSlot::reply_endpoint)]
        .with_type(abi::CapabilityType::entry)
        .with_rights(abi::Right::send)
        .with_payload(count);
}

void deliver(Kernel& kernel, Caller const& caller, Passage const& passage, abi::Process& receiver,
             Committed const& committed) {
    auto const page = passage.receiver->capability_page;
    auto const accepted = Control(receiver.receive_control).get<Control::Accepted>();
    for (std::size_t i = 0; i < accepted; ++i) {
        auto const place = page_slot(page, static_cast<std::uint32_t>(receiver.receive_slots[i]));
        bool const carries = passage.call && i == 0;
        auto const capability = carries ? new_reply_entry(kernel, caller, passage.sender->reply, committed)
                                        : abi::Capability::null();
        if (carries || !read_slot(place).is_null()) store_in_page(kernel, place, capability, committed);
    }
    if (passage.call && accepted == 0) // made all the same: earlier ones are void
        static_cast<void>(new_reply_entry(kernel, caller, passage.sender->reply, committed));
    auto const words = passage.control.get<Control::Words>();
    bool const single_use = passage.endpoint->payload_match != 0;
    auto const kind = single_use ? abi::MessageKind::reply : abi::MessageKind::message;
    begin_message(receiver, {words, passage.call ? 1u : 0u, kind, passage.payload}, passage.endpoint->value);
    copy_word_registers(caller.registers(), receiver.registers, words);
    if (!single_use) return;
    FrameWriter writer(kernel, passage.endpoint.frame, passage.endpoint.index, committed);
    ++writer.object<abi::Endpoint>().reply_count;
}

void wait(Kernel& kernel, Caller const& caller, Passage const& passage) {
    ReceivePlan plan;
    plan.open = !passage.call;
    if (passage.call) plan.endpoint = object_id_of(memory(kernel), passage.sender->reply.target());
    plan.accepted = passage.control.get<Control::Accepted>();
    auto const& page = virtual_registers({passage.sender->register_page});
    for (std::size_t i = 0; i < plan.accepted; ++i) plan.slots[i] = page.receive_slots[i];
    if (passage.call) return open_receive(caller, passage.control, plan);
    auto const waiting = passage.control.with<Control::SendPhase>(0);
    caller.registers().rdi = waiting.raw();
    open_receive(caller, waiting, plan);
}

} // namespace

bool pass_message(Kernel& kernel, Caller const& caller, Dispatched& next) {
    Passage passage;
    if (!find_form(caller, passage)) return false;
    passage.sender = standings(kernel).find(kernel, caller.live, caller.ref.frame);
    if (passage.sender == nullptr || !find_endpoint(kernel, caller, passage)) return false;
    if (!is_quiet(kernel) || !would_wait(kernel, caller)) return false;
    if (passage.call && !has_reply_endpoint(kernel, passage)) return false;
    if (!find_receiver(kernel, passage) || !has_places(passage)) return false;

    auto const committed = Committed::for_unit("message");
    auto const& receiver = *passage.receiver;
    next.process = {receiver.process, 0};
    next.object = &FrameWriter(kernel, receiver.process, 0, committed).object<abi::Process>();
    deliver(kernel, caller, passage, *next.object, committed);
    if (passage.call) {
        bool const of_this_boot = !frame_id(kernel, receiver.process).is_persistent();
        caller.object.wait_boot = of_this_boot ? core(kernel).boot_number : 0;
    }
    wait(kernel, caller, passage);
    queues(kernel).switch_to(receiver.live);
    enter_space(kernel, receiver.space_index, receiver.space);
    return true;
}

} // namespace kernel
