// SPDX-License-Identifier: Apache-2.0
// Data pages: erase, copy, reduce, identify.
#include <cap/kinds.hpp>

#include <kernel/dispatch/page.hpp>

#include <cstring>

namespace kernel {

namespace {

using namespace page_interface;

struct Page {
    Reply erase(Invocation& call) {
        auto const page = TRY(call.target(need_write));
        auto const committed = call.commit();
        FrameWriter(call.kernel(), page.frame, 0, committed).zero();
        return call.answer();
    }

    Reply copy_from(Invocation& call, CopyFromArguments const& arguments) {
        auto const page = TRY(call.target(need_write));
        auto const source = TRY(call.page(arguments.source, abi::CapabilityType::data_page));
        auto const committed = call.commit();
        FrameWriter writer(call.kernel(), page.frame, 0, committed);
        std::memmove(writer.page().data(), arch::frame_bytes(source.frame).data(), abi::frame_size);
        return call.answer();
    }

    Reply reduce(Invocation& call, ReduceArguments const& arguments) {
        auto const added = abi::Rights::from_raw(arguments.restrictions);
        if (!abi::page_restrictions.has(added)) return call.refuse(Error::bad_argument);
        auto const self = call.self();
        return answer(call, ReduceResult{self.with_rights(self.rights() | added)});
    }

    Reply identify(Invocation& call) {
        auto const page = TRY(call.target());
        return answer(call, IdentifyResult{frame_id(call.kernel(), page.frame).raw()});
    }
};

} // namespace

Reply invoke_page(Invocation& call) {
    Page handlers;
    return dispatch_page(handlers, call);
}

} // namespace kernel
