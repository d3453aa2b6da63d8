// SPDX-License-Identifier: Apache-2.0
// Capability pages: fetch, store, erase, reduce.
#include <cap/kinds.hpp>

#include <kernel/dispatch/capability_page.hpp>

namespace kernel {

namespace {

using namespace capability_page_interface;

struct CapabilityPage {
    Reply fetch(Invocation& call, FetchArguments const& arguments) {
        if (arguments.slot >= abi::capabilities_per_page) return call.refuse(Error::bad_argument);
        auto const page = TRY(call.target({.none = abi::Right::opaque}));
        auto const found = read_slot(page_slot(page.frame, static_cast<std::uint32_t>(arguments.slot)));
        bool const weak = call.self().rights().has(abi::Right::weak);
        return answer(call, FetchResult{weak ? diminish(found) : found});
    }

    Reply store(Invocation& call, StoreArguments const& arguments) {
        if (arguments.slot >= abi::capabilities_per_page) return call.refuse(Error::bad_argument);
        auto const page = TRY(call.target(need_edit));
        auto const capability = TRY(call.capability(arguments.capability));
        auto const committed = call.commit();
        store_capability(call.kernel(), page_slot(page.frame, static_cast<std::uint32_t>(arguments.slot)),
                         capability, committed);
        return call.answer();
    }

    Reply erase(Invocation& call) {
        auto const page = TRY(call.target(need_edit));
        auto const committed = call.commit();
        FrameWriter(call.kernel(), page.frame, 0, committed).zero();
        return call.answer();
    }

    Reply reduce(Invocation& call, ReduceArguments const& arguments) {
        auto const added = abi::Rights::from_raw(arguments.restrictions);
        auto const allowed = abi::row_of(abi::CapabilityType::capability_page).allowed;
        if (!allowed.has(added)) return call.refuse(Error::bad_argument);
        auto const self = call.self();
        return answer(call, ReduceResult{self.with_rights(self.rights() | added)});
    }
};

} // namespace

Reply invoke_capability_page(Invocation& call) {
    CapabilityPage handlers;
    return dispatch_capability_page(handlers, call);
}

} // namespace kernel
