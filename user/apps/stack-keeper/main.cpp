// SPDX-License-Identifier: Apache-2.0
// A keeper in user mode: each fault below the stack of the process that it keeps becomes a page bought from
// the space bank; on request it gives back what lies unused. Any other fault it leaves as it is.
#include "grown_stack.hpp"

#include <abi/fault.hpp>
#include <apps/self_check.hpp>
#include <runtime/client/restart.hpp>
#include <runtime/program.hpp>
#include <runtime/request.hpp>

namespace stack_keeper {
namespace {

using runtime::Request;

struct TrimResult {
    std::uint64_t pages;
};
Result<> encode(runtime::Message& message, TrimResult const& result) {
    message.put(result.pages);
    return {};
}

constinit GrownStack stack;

struct Fault {
    abi::FaultCode code;
    std::uint64_t address;
};

Result<> mend(Fault fault) {
    if (fault.code != abi::FaultCode::invalid_data_reference || !GrownStack::covers(fault.address))
        return fail(Error::invalid_address);
    return stack.grow(fault.address);
}

void serve_fault(runtime::Message const& message) {
    Fault const fault{static_cast<abi::FaultCode>(message.word(0)), message.word(1)};
    if (auto const mended = mend(fault); mended.failed()) {
        apps::say("stack-keeper: given up: fault ", message.word(0), " at ", base::Hex{fault.address}, ": ",
                  abi::describe(mended.error).name);
        return;
    }
    auto const resumed = runtime::Restart{Slot(KeeperSlot::requests)}.resume(true);
    // Void: the process was stopped or killed from the console meanwhile. No restart of the machine does
    // that, so it is told: in a campaign this line is a mistake.
    if (resumed.error == Error::void_capability)
        apps::say("stack-keeper: whoever faulted is gone: ", abi::describe(resumed.error).name);
    else if (resumed.failed())
        apps::self_check_failed("stack-keeper", "resume: ", abi::describe(resumed.error).name);
}

void serve_request(Request& request) {
    if (request.operation() != trim_operation) return request.complete(Result<>(fail(Error::bad_operation)));
    auto const pages = stack.trim();
    if (pages.failed()) return request.complete(Result<TrimResult>(fail(pages.error)));
    request.complete(Result<TrimResult>(TrimResult{*pages}));
}

} // namespace
} // namespace stack_keeper

extern "C" int main(std::uint64_t) {
    using namespace stack_keeper;
    runtime::Request request{runtime::Slot(KeeperSlot::requests)};
    for (;;) {
        request.wait();
        auto const kind = request.message().kind();
        if (kind == abi::MessageKind::fault) serve_fault(request.message());
        else if (kind == abi::MessageKind::message) serve_request(request);
    }
}
