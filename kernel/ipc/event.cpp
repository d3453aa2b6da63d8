// SPDX-License-Identifier: Apache-2.0
// Posting and delivery of event bits.
#include <ipc/event.hpp>

#include <algorithm>

namespace kernel {

namespace {

Result<ProcessRef> receiver_of(Kernel& kernel, EndpointRef endpoint) {
    return capability_cast<abi::Process>(kernel, object_slot(abi::FrameType::endpoint, endpoint.target(), 0),
                                         abi::CapabilityType::process);
}

abi::ObjectId id_of(Kernel const& kernel, EndpointRef endpoint) {
    return object_id_of(memory(kernel), endpoint.target());
}

abi::Process& writable(Kernel& kernel, ProcessRef process, Committed const& committed) {
    return FrameWriter(kernel, process.frame, 0, committed).object<abi::Process>();
}

std::span<std::uint64_t const> listed(abi::Process const& process) {
    return {process.event_endpoints, process.event_endpoint_count};
}

bool is_listed(abi::Process const& process, abi::ObjectId endpoint) {
    return std::ranges::find(listed(process), endpoint.raw()) != listed(process).end();
}

void unlist(abi::Process& process, std::size_t position) {
    auto const last = static_cast<std::size_t>(process.event_endpoint_count - 1);
    process.event_endpoints[position] = process.event_endpoints[last];
    process.event_endpoints[last] = 0;
    process.event_endpoint_count = static_cast<std::uint8_t>(last);
}

bool has_room(abi::Process const& process) {
    return process.event_endpoint_count < std::size(process.event_endpoints);
}

void deliver_bits(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver, std::uint64_t bits,
                  Committed const& committed) {
    Delivery delivery;
    delivery.endpoint = endpoint;
    delivery.receiver = receiver;
    delivery.receiver_live = *queues(kernel).live().enter(frame_id(kernel, receiver.frame));
    delivery.kind = abi::MessageKind::event;
    delivery.words = 1;
    begin_delivery(kernel, delivery, committed).registers.rdx = bits;
    FrameWriter(kernel, endpoint.frame, endpoint.index, committed).object<abi::Endpoint>().event_bits = 0;
    finish_delivery(kernel, delivery, committed);
}

// Deliver now if the receiver waits for it, else leave the bits in the endpoint and the endpoint in the list.
void announce(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver, std::uint64_t bits,
              Committed const& committed) {
    auto const id = id_of(kernel, endpoint);
    if (receives_from(receiver.get(), id)) return deliver_bits(kernel, endpoint, receiver, bits, committed);
    FrameWriter(kernel, endpoint.frame, endpoint.index, committed).object<abi::Endpoint>().event_bits = bits;
    if (is_listed(receiver.get(), id)) return;
    auto& process = writable(kernel, receiver, committed);
    process.event_endpoints[process.event_endpoint_count++] = id.raw();
}

// The listed endpoint, if it still has something for this process.
Result<EndpointRef> pending_endpoint(Kernel& kernel, ProcessRef process, abi::ObjectId id) {
    auto const frame = TRY(resident(kernel, id.frame()));
    EndpointRef const endpoint{frame, id.index()};
    if (memory(kernel).frames[frame].type != abi::FrameType::endpoint ||
        id.index() >= abi::shape_of(abi::FrameType::endpoint).objects)
        return fail(Error::void_capability);
    if (endpoint->header.flags != abi::ObjectHeader::in_use || endpoint->event_bits == 0)
        return fail(Error::void_capability);
    if (TRY(receiver_of(kernel, endpoint)) != process) return fail(Error::void_capability);
    return endpoint;
}

} // namespace

Result<> may_take_over(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver) {
    auto const id = id_of(kernel, endpoint);
    if (endpoint->event_bits == 0 || is_listed(receiver.get(), id)) return {};
    TRY(queues(kernel).live().enter(frame_id(kernel, receiver.frame)));
    if (!receives_from(receiver.get(), id) && !has_room(receiver.get())) return fail(Error::limit_reached);
    return {};
}

void take_over(Kernel& kernel, EndpointRef endpoint, ProcessRef receiver, Committed const& committed) {
    if (endpoint->event_bits != 0) announce(kernel, endpoint, receiver, endpoint->event_bits, committed);
}

Result<> may_post(Kernel& kernel, EndpointRef endpoint) {
    auto const receiver = receiver_of(kernel, endpoint);
    if (receiver.error == Error::absent) return fail(Error::absent);
    if (receiver.failed()) return {}; // R18: kept for whoever is bound next
    auto const id = id_of(kernel, endpoint);
    TRY(queues(kernel).live().enter(frame_id(kernel, receiver->frame)));
    bool const listed = is_listed(receiver->get(), id) || has_room(receiver->get());
    if (!listed && !receives_from(receiver->get(), id)) return fail(Error::limit_reached);
    return {};
}

Result<> post_event(Kernel& kernel, EndpointRef endpoint, std::uint64_t bits, Committed const& committed) {
    TRY(may_post(kernel, endpoint));
    auto const mask = endpoint->event_mask;
    auto const allowed = mask == 0 ? bits : bits & mask;
    if (allowed == 0) return {};
    auto const all = endpoint->event_bits | allowed;
    auto const receiver = receiver_of(kernel, endpoint);
    if (receiver) {
        announce(kernel, endpoint, *receiver, all, committed);
        return {};
    }
    FrameWriter(kernel, endpoint.frame, endpoint.index, committed).object<abi::Endpoint>().event_bits = all;
    return {};
}

Result<bool> deliver_pending(Kernel& kernel, ProcessRef process, Committed const& committed) {
    for (std::size_t i = 0; i < process->event_endpoint_count;) {
        abi::ObjectId const id(process->event_endpoints[i]);
        auto const endpoint = pending_endpoint(kernel, process, id);
        if (is_retry(endpoint.error)) return fail(endpoint.error);
        if (endpoint && !receives_from(process.get(), id)) { // a closed wait on another one
            ++i;
            continue;
        }
        unlist(writable(kernel, process, committed), i);
        if (endpoint.failed()) continue;
        deliver_bits(kernel, *endpoint, process, (*endpoint)->event_bits, committed);
        return true;
    }
    return false;
}

Result<BoundEvent> bind_event(Kernel& kernel, EndpointRef endpoint, std::uint64_t bits) {
    if (bits == 0 || frame_id(kernel, endpoint.frame).is_persistent()) return fail(Error::bad_argument);
    return BoundEvent{id_of(kernel, endpoint), abi::Version(endpoint->header.version), bits};
}

void post_bound(Kernel& kernel, BoundEvent const& event) {
    if (!event.bound()) return;
    auto const frame = resident(kernel, event.endpoint.frame());
    if (frame.failed()) return;
    EndpointRef const endpoint{*frame, event.endpoint.index()};
    if (memory(kernel).frames[*frame].type != abi::FrameType::endpoint) return;
    if (abi::Version(endpoint->header.version) != event.version) return;
    auto const committed = Committed::for_unit("post");
    auto const posted = post_event(kernel, endpoint, event.bits, committed);
    if (posted) return;
    // The receiver is not there or has no room: the bits stay in the endpoint for a closed wait.
    FrameWriter writer(kernel, endpoint.frame, endpoint.index, committed);
    writer.object<abi::Endpoint>().event_bits |= event.bits;
}

} // namespace kernel
