// SPDX-License-Identifier: Apache-2.0
// The holder's side of endpoints: binding, entries, events, alarms, revocation.
#include <cap/kinds.hpp>

#include <ipc/buffer.hpp>
#include <ipc/event.hpp>
#include <mapping/retire.hpp>

#include <kernel/dispatch/endpoint.hpp>

namespace kernel {

namespace {

using namespace endpoint_interface;

constexpr Need manage{.all = abi::Right::manage};
constexpr Need receive{.all = abi::Right::receive};

abi::Endpoint& writable(Invocation const& call, EndpointRef endpoint, Committed const& committed) {
    return FrameWriter(call.kernel(), endpoint.frame, endpoint.index, committed).object<abi::Endpoint>();
}

SlotLocation receiver_slot(EndpointRef endpoint) {
    return object_slot(abi::FrameType::endpoint, endpoint.target(), 0);
}
SlotLocation buffer_page_slot(EndpointRef endpoint) {
    return object_slot(abi::FrameType::endpoint, endpoint.target(), 1);
}

struct EndpointOperations {
    Reply bind(Invocation& call, BindArguments const& arguments) {
        auto& kernel = call.kernel();
        auto const endpoint = TRY(call.target_as<abi::Endpoint>(manage));
        auto const capability = TRY(call.capability(arguments.receiver));
        ProcessRef receiver;
        if (!capability.is_null()) {
            receiver = TRY(call.object<abi::Process>(arguments.receiver, abi::CapabilityType::process));
            TRY(may_take_over(kernel, endpoint, receiver));
            TRY(may_hand_over(kernel, endpoint, receiver));
        }
        auto const committed = call.commit();
        wake_senders(kernel, endpoint);
        store_capability(kernel, receiver_slot(endpoint), capability, committed);
        if (!capability.is_null()) {
            take_over(kernel, endpoint, receiver, committed);
            hand_over(kernel, endpoint, receiver, committed);
        }
        return call.answer();
    }

    Reply set_value(Invocation& call, SetValueArguments const& arguments) {
        auto const endpoint = TRY(call.target_as<abi::Endpoint>(manage));
        auto const committed = call.commit();
        writable(call, endpoint, committed).value = arguments.value;
        return call.answer();
    }

    Reply make_entry(Invocation& call, MakeEntryArguments const& arguments) {
        auto const endpoint = TRY(call.target_as<abi::Endpoint>(manage));
        return answer(call,
                      MakeEntryResult{capability_to(memory(call.kernel()), abi::CapabilityType::entry,
                                                    endpoint.target(), abi::Right::send, arguments.payload)});
    }

    Reply set_payload_match(Invocation& call) {
        auto const endpoint = TRY(call.target_as<abi::Endpoint>(manage));
        if (endpoint->buffer_state != abi::BufferState::off) return call.refuse(Error::in_use);
        auto const committed = call.commit();
        writable(call, endpoint, committed).payload_match = 1;
        return call.answer();
    }

    Reply post(Invocation& call, PostArguments const& arguments) {
        auto const endpoint = TRY(call.target_as<abi::Endpoint>({.all = abi::Right::send}));
        TRY(may_post(call.kernel(), endpoint));
        auto const committed = call.commit();
        auto const posted = post_event(call.kernel(), endpoint, arguments.bits, committed);
        ensures(posted);
        return call.answer();
    }

    Reply set_alarm(Invocation& call, SetAlarmArguments const& arguments) {
        auto& kernel = call.kernel();
        auto const endpoint = TRY(call.target_as<abi::Endpoint>(manage));
        if (frame_id(kernel, endpoint.frame).is_persistent()) return call.refuse(Error::not_supported);
        BoundEvent const event{object_id_of(memory(kernel), endpoint.target()),
                               abi::Version(endpoint->header.version), arguments.bits};
        TRY(kernel_events(kernel).set_alarm(event, arguments.time));
        return call.answer();
    }

    Reply reduce(Invocation& call, ReduceArguments const& arguments) {
        auto const kept = abi::Rights::from_raw(arguments.rights);
        if (!abi::endpoint_permissions.has(kept)) return call.refuse(Error::bad_argument);
        auto const self = call.self();
        return answer(call, ReduceResult{self.with_rights(self.rights() & kept)});
    }

    Reply set_buffer(Invocation& call, SetBufferArguments const& arguments) {
        auto& kernel = call.kernel();
        auto const endpoint = TRY(call.target_as<abi::Endpoint>(receive));
        if (endpoint->payload_match != 0) return call.refuse(Error::not_supported);
        if (is_full(endpoint.get())) return call.refuse(Error::in_use);
        auto page = TRY(call.capability(arguments.page));
        if (!page.is_null()) TRY(call.page(arguments.page, abi::CapabilityType::data_page, need_write));
        if (!arguments.on) page = abi::Capability::null();
        auto const committed = call.commit();
        writable(call, endpoint, committed).buffer_state =
            arguments.on ? abi::BufferState::empty : abi::BufferState::off;
        store_capability(kernel, buffer_page_slot(endpoint), page, committed);
        wake_senders(kernel, endpoint); // who waits may leave the first
        return call.answer();
    }

    Reply revoke(Invocation& call) {
        auto& kernel = call.kernel();
        auto const endpoint = TRY(call.target_as<abi::Endpoint>(manage));
        if (!versions_left(kernel, endpoint.frame)) return call.refuse(Error::retired);
        auto const committed = call.commit();
        raise_version(kernel, endpoint.target(), committed);
        empty_buffer(kernel, endpoint, committed);
        wake_senders(kernel, endpoint);
        return call.answer();
    }
};

} // namespace

Reply invoke_endpoint(Invocation& call) {
    EndpointOperations handlers;
    return dispatch_endpoint(handlers, call);
}

} // namespace kernel
