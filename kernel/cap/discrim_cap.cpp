// SPDX-License-Identifier: Apache-2.0
// What a capability is: classification and comparison.
#include <cap/kinds.hpp>

#include <kernel/dispatch/discrim.hpp>

namespace kernel {

namespace {

using namespace discrim_interface;

// The capability unprepared; null when it is void, so that a stale one cannot be told from null.
Result<abi::Capability> living(Invocation& call, std::size_t position) {
    auto const slot = TRY(call.slot(position));
    auto const capability = fetch_capability(slot);
    if (!abi::names_object(capability.type())) return capability;
    auto const target = prepare(call.kernel(), slot.location);
    if (target.error == Error::absent) return fail(Error::absent);
    if (target.failed()) return abi::Capability::null();
    return unprepared(call.kernel(), capability);
}

struct Discrim {
    Reply classify(Invocation& call, ClassifyArguments const& arguments) {
        auto const capability = TRY(living(call, arguments.capability));
        return answer(call, ClassifyResult{static_cast<std::uint8_t>(capability.type())});
    }

    Reply compare(Invocation& call, CompareArguments const& arguments) {
        auto const first = TRY(living(call, arguments.first));
        auto const second = TRY(living(call, arguments.second));
        return answer(call, CompareResult{first == second});
    }

    Reply awaited(Invocation& call, AwaitedArguments const& arguments) {
        auto const capability = TRY(living(call, arguments.capability));
        if (capability.type() != abi::CapabilityType::entry) return answer(call, AwaitedResult{false});
        auto const endpoint =
            TRY(call.object<abi::Endpoint>(arguments.capability, abi::CapabilityType::entry));
        return answer(call, AwaitedResult{endpoint->payload_match != 0 &&
                                          endpoint->reply_count == capability.payload()});
    }
};

} // namespace

Reply invoke_discrim(Invocation& call) {
    Discrim handlers;
    return dispatch_discrim(handlers, call);
}

} // namespace kernel
