// SPDX-License-Identifier: Apache-2.0
// From an entry to a receiver that is ready to take the message.
#include <ipc/delivery.hpp>

#include <ipc/buffer.hpp>
#include <mapping/capability_walk.hpp>

#include <cstring>

namespace kernel {

namespace {

Result<ProcessRef> receiver_of(Kernel& kernel, EndpointRef endpoint) {
    return capability_cast<abi::Process>(kernel, object_slot(abi::FrameType::endpoint, endpoint.target(), 0),
                                         abi::CapabilityType::process);
}

} // namespace

Result<> find_receiver(Kernel& kernel, SlotLocation entry, Delivery& delivery) {
    delivery.endpoint = TRY(capability_cast<abi::Endpoint>(kernel, entry, abi::CapabilityType::entry));
    auto const& endpoint = delivery.endpoint.get();
    delivery.payload = read_slot(entry).payload();
    delivery.single_use = endpoint.payload_match != 0;
    if (delivery.single_use) {
        if (delivery.payload != endpoint.reply_count) return fail(Error::void_capability);
        delivery.kind = abi::MessageKind::reply;
    }
    auto const id = object_id_of(memory(kernel), delivery.endpoint.target());
    auto const receiver = receiver_of(kernel, delivery.endpoint);
    if (receiver.error == Error::absent) return fail(Error::absent);
    if (receiver.failed()) { // R18: no receiver now
        delivery.wait = WaitKey::endpoint(id);
        return fail(Error::would_block);
    }
    delivery.receiver = *receiver;
    auto const process = frame_id(kernel, delivery.receiver.frame);
    bool const takes = delivery.single_use ? takes_reply(delivery.receiver.get(), id)
                                           : receives_from(delivery.receiver.get(), id);
    if (!takes || is_full(endpoint)) {
        delivery.wait = WaitKey::receiver(process);
        return fail(Error::would_block);
    }
    delivery.receiver_live = TRY(queues(kernel).live().enter(process));
    return {};
}

Result<> find_places(Kernel& kernel, Delivery& delivery) {
    auto const& receiver = delivery.receiver.get();
    abi::ControlWord const control(receiver.receive_control);
    delivery.accepted = control.get<abi::ControlWord::Accepted>();
    for (std::size_t i = 0; i < delivery.accepted; ++i) {
        auto const slot =
            capability_walk(kernel, delivery.receiver, receiver.receive_slots[i], Access::capability_write);
        if (slot.failed()) {
            if (is_retry(slot.error)) return fail(slot.error);
            delivery.receiver_fault = abi::FaultCode::invalid_capability_reference;
            return fail(Error::receiver_broken);
        }
        delivery.places[i] = slot->location;
    }
    if (delivery.words <= abi::message_register_words) return {};
    auto const page = register_page(kernel, delivery.receiver);
    if (page.failed()) {
        if (is_retry(page.error)) return fail(page.error);
        delivery.receiver_fault = abi::FaultCode::no_virtual_registers;
        return fail(Error::receiver_broken);
    }
    delivery.to_page = *page;
    return {};
}

abi::Process& begin_delivery(Kernel& kernel, Delivery const& delivery, Committed const& committed) {
    auto& process = FrameWriter(kernel, delivery.receiver.frame, 0, committed).object<abi::Process>();
    begin_message(process, {delivery.words, delivery.sent, delivery.kind, delivery.payload},
                  delivery.endpoint->value);
    return process;
}

void finish_delivery(Kernel& kernel, Delivery const& delivery, Committed const& committed) {
    // R37: places of the message that were not sent become null.
    for (std::size_t i = 0; i < delivery.accepted; ++i)
        store_capability(kernel, delivery.places[i],
                         i < delivery.sent ? delivery.capabilities[i] : abi::Capability::null(), committed);
    if (delivery.single_use) {
        FrameWriter writer(kernel, delivery.endpoint.frame, delivery.endpoint.index, committed);
        ++writer.object<abi::Endpoint>().reply_count;
    }
    queues(kernel).make_ready(delivery.receiver_live);
}

void copy_page_words(Kernel& kernel, Delivery const& delivery, Committed const& committed) {
    auto const first = abi::message_register_words;
    if (delivery.words <= first) return;
    auto const& from = virtual_registers(delivery.from_page);
    FrameWriter writer(kernel, delivery.to_page.frame, 0, committed);
    auto& to = writer.object<abi::VirtualRegisters>();
    std::memmove(&to.words[first], &from.words[first], (delivery.words - first) * sizeof(to.words[0]));
}

void wake_senders(Kernel& kernel, EndpointRef endpoint) {
    auto const id = object_id_of(memory(kernel), endpoint.target());
    queues(kernel).wake_all(WaitKey::endpoint(id));
    auto const slot = object_slot(abi::FrameType::endpoint, endpoint.target(), 0);
    auto const receiver = unprepared(kernel, read_slot(slot));
    if (receiver.type() == abi::CapabilityType::process)
        queues(kernel).wake_senders_through(receiver.object().frame(), id);
}

void break_receiver(Kernel& kernel, Delivery const& delivery, Committed const& committed) {
    auto& process = FrameWriter(kernel, delivery.receiver.frame, 0, committed).object<abi::Process>();
    process.state = abi::RunState::faulted;
    process.fault_code = static_cast<std::uint32_t>(delivery.receiver_fault);
    process.fault_address = process.registers.rip;
    queues(kernel).make_ready(delivery.receiver_live);
}

} // namespace kernel
