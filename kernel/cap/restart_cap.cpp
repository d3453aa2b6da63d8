// SPDX-License-Identifier: Apache-2.0
// Restart capabilities: good for the fault they were made for, once (R5).
#include <cap/kinds.hpp>

#include <ipc/keeper.hpp>

#include <kernel/dispatch/restart.hpp>

namespace kernel {

namespace {

using namespace restart_interface;

struct Restart {
    Reply resume(Invocation& call, ResumeArguments const& arguments) {
        auto const process = TRY(call.target_as<abi::Process>());
        bool const faulted =
            process->state == abi::RunState::faulted || process->state == abi::RunState::reported;
        if (call.self().payload() != process->fault_count || !faulted)
            return call.refuse(Error::void_capability);
        auto& kernel = call.kernel();
        auto const live = TRY(queues(kernel).live().enter(frame_id(kernel, process.frame)));
        auto const committed = call.commit();
        end_fault(kernel, process, arguments.cancel_fault, committed);
        queues(kernel).make_ready(live);
        return call.answer();
    }
};

} // namespace

Reply invoke_restart(Invocation& call) {
    Restart handlers;
    return dispatch_restart(handlers, call);
}

} // namespace kernel
