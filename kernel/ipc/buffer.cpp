// SPDX-License-Identifier: Apache-2.0
// Messages into the buffer of an endpoint and out of it.
#include <ipc/buffer.hpp>

#include <ipc/words.hpp>

#include <algorithm>

namespace kernel {

namespace {

using Control = abi::ControlWord;

// Capability slots of an endpoint: receiver, buffer page, then what the buffer holds.
constexpr std::uint32_t page_slot_index = 1;
constexpr std::uint32_t first_kept_slot = 2;

SlotLocation slot_of(EndpointRef endpoint, std::uint32_t slot) {
    return object_slot(abi::FrameType::endpoint, endpoint.target(), slot);
}
SlotLocation kept_slot(EndpointRef endpoint, std::size_t position) {
    return slot_of(endpoint, first_kept_slot + static_cast<std::uint32_t>(position));
}

abi::ObjectId id_of(Kernel const& kernel, EndpointRef endpoint) {
    return object_id_of(memory(kernel), endpoint.target());
}

abi::Endpoint& writable(Kernel& kernel, EndpointRef endpoint, Committed const& committed) {
    return FrameWriter(kernel, endpoint.frame, endpoint.index, committed).object<abi::Endpoint>();
}
abi::Process& writable(Kernel& kernel, ProcessRef process, Committed const& committed) {
    return FrameWriter(kernel, process.frame, 0, committed).object<abi::Process>();
}

std::span<std::uint64_t const> listed(abi::Process const& process) {
    return {process.full_endpoints, process.full_endpoint_count};
}
bool can_list(abi::Process const& process, abi::ObjectId endpoint) {
    return process.full_endpoint_count < std::size(process.full_endpoints) ||
           std::ranges::find(listed(process), endpoint.raw()) != listed(process).end();
}
void unlist(abi::Process& process, std::size_t position) {
    auto const* const end = std::end(process.full_endpoints);
    auto* const at = process.full_endpoints + position;
    std::copy(static_cast<std::uint64_t const*>(at + 1), end, at); // the others stay in their order
    process.full_endpoints[std::size(process.full_endpoints) - 1] = 0;
    --process.full_endpoint_count;
}
// The newest, also if it was listed before: for another message, then.
void list(Kernel& kernel, ProcessRef receiver, abi::ObjectId endpoint, Committed const& committed) {
    auto& process = writable(kernel, receiver, committed);
    auto const all = listed(process);
    auto const at = std::ranges::find(all, endpoint.raw());
    if (at != all.end()) unlist(process, static_cast<std::size_t>(at - all.begin()));
    process.full_endpoints[process.full_endpoint_count++] = endpoint.raw();
}

Result<PageRef> buffer_page(Kernel& kernel, EndpointRef endpoint) {
    return page_cast(kernel, slot_of(endpoint, page_slot_index), abi::CapabilityType::data_page, need_write);
}

// The listed endpoint, if it still holds a message for this process.
Result<EndpointRef> full_endpoint(Kernel& kernel, ProcessRef process, abi::ObjectId id) {
    auto const frame = TRY(resident(kernel, id.frame()));
    EndpointRef const endpoint{frame, id.index()};
    if (memory(kernel).frames[frame].type != abi::FrameType::endpoint ||
        id.index() >= abi::shape_of(abi::FrameType::endpoint).objects)
        return fail(Error::void_capability);
    if (endpoint->header.flags != abi::ObjectHeader::in_use || !is_full(endpoint.get()))
        return fail(Error::void_capability);
    auto const receiver =
        TRY(capability_cast<abi::Process>(kernel, slot_of(endpoint, 0), abi::CapabilityType::process));
    if (receiver != process) return fail(Error::void_capability);
    return endpoint;
}

// What the buffer holds, for its receiver. absent | receiver_broken (receiver_fault is set)
Result<> plan_take(Kernel& kernel, Delivery& delivery) {
    auto const& endpoint = delivery.endpoint.get();
    Control const control(endpoint.buffer_control);
    delivery.payload = static_cast<std::uint32_t>(control.get<Control::Payload>());
    delivery.words = control.get<Control::Words>();
    delivery.sent = control.get<Control::Capabilities>();
    for (std::size_t i = 0; i < delivery.sent; ++i)
        delivery.capabilities[i] = read_slot(kept_slot(delivery.endpoint, i));
    if (delivery.words > abi::message_register_words) {
        auto const page = buffer_page(kernel, delivery.endpoint);
        if (is_retry(page.error)) return fail(page.error);
        // The page that its owner has destroyed has taken its words along.
        if (page) delivery.from_page = *page;
        else delivery.words = abi::message_register_words;
    }
    return find_places(kernel, delivery);
}

void deliver(Kernel& kernel, Delivery const& delivery, Committed const& committed) {
    auto const& endpoint = delivery.endpoint.get();
    auto& receiver = begin_delivery(kernel, delivery, committed);
    for (std::size_t i = 0; i < std::min(delivery.words, abi::message_register_words); ++i)
        word_register(receiver.registers, i) = endpoint.buffer_words[i];
    copy_page_words(kernel, delivery, committed);
    empty_buffer(kernel, delivery.endpoint, committed);
    finish_delivery(kernel, delivery, committed);
    // Whoever waits to send through the endpoint may leave the next one.
    queues(kernel).wake_senders_through(frame_id(kernel, delivery.receiver.frame),
                                        id_of(kernel, delivery.endpoint));
}

} // namespace

Result<bool> may_put(Kernel& kernel, Delivery& delivery) {
    auto const& endpoint = delivery.endpoint.get();
    if (delivery.wait.kind() != WaitKey::Kind::receiver) return false;
    if (endpoint.buffer_state != abi::BufferState::empty) return false;
    if (queues(kernel).anybody_waits(delivery.wait)) return false;
    if (!can_list(delivery.receiver.get(), id_of(kernel, delivery.endpoint))) return false;
    if (delivery.words <= abi::message_register_words) return true;
    auto const page = buffer_page(kernel, delivery.endpoint);
    if (is_retry(page.error)) return fail(page.error);
    if (page) delivery.to_page = *page;
    return page.error == Error::none;
}

void put_message(Kernel& kernel, Delivery const& delivery, abi::Registers const& sender,
                 Committed const& committed) {
    auto& endpoint = writable(kernel, delivery.endpoint, committed);
    endpoint.buffer_state = abi::BufferState::full;
    endpoint.buffer_control = Control()
                                  .with<Control::Words>(delivery.words)
                                  .with<Control::Capabilities>(delivery.sent)
                                  .with<Control::Payload>(delivery.payload)
                                  .raw();
    for (std::size_t i = 0; i < std::min(delivery.words, abi::message_register_words); ++i)
        endpoint.buffer_words[i] = word_register(sender, i);
    copy_page_words(kernel, delivery, committed);
    for (std::size_t i = 0; i < delivery.sent; ++i)
        store_capability(kernel, kept_slot(delivery.endpoint, i), delivery.capabilities[i], committed);
    list(kernel, delivery.receiver, id_of(kernel, delivery.endpoint), committed);
}

Result<bool> take_message(Kernel& kernel, ProcessRef process, LiveIndex live, Committed const& committed) {
    for (std::size_t i = 0; i < process->full_endpoint_count;) {
        abi::ObjectId const id(process->full_endpoints[i]);
        if (!receives_from(process.get(), id)) { // a closed wait on another one
            ++i;
            continue;
        }
        auto const endpoint = full_endpoint(kernel, process, id);
        if (is_retry(endpoint.error)) return fail(endpoint.error);
        if (endpoint.failed()) {
            unlist(writable(kernel, process, committed), i);
            continue;
        }
        Delivery delivery;
        delivery.endpoint = *endpoint;
        delivery.receiver = process;
        delivery.receiver_live = live;
        auto const planned = plan_take(kernel, delivery);
        if (is_retry(planned.error)) return fail(planned.error);
        if (planned.failed()) {
            break_receiver(kernel, delivery, committed);
            return true;
        }
        unlist(writable(kernel, process, committed), i);
        deliver(kernel, delivery, committed);
        return true;
    }
    return false;
}

Result<> may_hand_over(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver) {
    if (!is_full(endpoint.get())) return {};
    TRY(queues(kernel).live().enter(frame_id(kernel, receiver.frame)));
    if (!can_list(receiver.get(), id_of(kernel, endpoint))) return fail(Error::limit_reached);
    return {};
}

void hand_over(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver, Committed const& committed) {
    if (!is_full(endpoint.get())) return;
    auto const id = id_of(kernel, endpoint);
    list(kernel, receiver, id, committed);
    // It goes on with its receive phase when its turn comes.
    if (receives_from(receiver.get(), id))
        queues(kernel).make_ready(*queues(kernel).live().enter(frame_id(kernel, receiver.frame)));
}

void empty_buffer(Kernel& kernel, EndpointRef endpoint, Committed const& committed) {
    if (!is_full(endpoint.get())) return;
    auto& object = writable(kernel, endpoint, committed);
    object.buffer_state = abi::BufferState::empty;
    object.buffer_control = 0;
    std::ranges::fill(object.buffer_words, 0u);
    for (std::size_t i = 0; i < abi::message_capabilities_max; ++i)
        if (!object.buffer_capabilities[i].is_null())
            store_capability(kernel, kept_slot(endpoint, i), abi::Capability::null(), committed);
}

} // namespace kernel
