// SPDX-License-Identifier: Apache-2.0
// The reply count rises when an entry is made and when it is used, so that an answer reaches
// only the call it was made for.
#include <ipc/reply.hpp>

#include <mapping/retire.hpp>

namespace kernel {

Result<EndpointRef> reply_endpoint(Kernel& kernel, ProcessRef caller) {
    auto const slot = process_slot(caller, abi::ProcessSlot::reply_endpoint);
    auto const endpoint = TRY(capability_cast<abi::Endpoint>(kernel, slot, abi::CapabilityType::endpoint));
    if (endpoint->payload_match == 0) return fail(Error::bad_argument);
    // Never wrapped (R3): at the last version a spent count ends the endpoint's use for calls.
    if (endpoint->reply_count >= reply_count_max && !versions_left(kernel, endpoint.frame))
        return fail(Error::retired);
    return endpoint;
}

abi::Capability make_reply_entry(Kernel& kernel, ProcessRef caller, EndpointRef endpoint,
                                 Committed const& committed) {
    FrameWriter writer(kernel, endpoint.frame, endpoint.index, committed);
    auto& object = writer.object<abi::Endpoint>();
    if (object.reply_count >= reply_count_max) {
        auto const slot = process_slot(caller, abi::ProcessSlot::reply_endpoint);
        auto const rights = read_slot(slot).rights();
        raise_version(kernel, endpoint.target(), committed);
        object.reply_count = 0;
        store_capability(
            kernel, slot,
            capability_to(memory(kernel), abi::CapabilityType::endpoint, endpoint.target(), rights),
            committed);
    }
    ++object.reply_count;
    return capability_to(memory(kernel), abi::CapabilityType::entry, endpoint.target(), abi::Right::send,
                         object.reply_count);
}

} // namespace kernel
