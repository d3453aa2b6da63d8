// SPDX-License-Identifier: Apache-2.0
// Schedules: the priority of the processes that name them.
#include <cap/kinds.hpp>

#include <kernel/dispatch/schedule.hpp>

namespace kernel {

namespace {

using namespace schedule_interface;

struct ScheduleOperations {
    Reply priority(Invocation& call) {
        auto const schedule = TRY(call.target_as<abi::Schedule>());
        return answer(call, PriorityResult{schedule->priority});
    }

    Reply set_priority(Invocation& call, SetPriorityArguments const& arguments) {
        if (arguments.priority >= abi::priority_count) return call.refuse(Error::bad_argument);
        auto const schedule = TRY(call.target_as<abi::Schedule>());
        auto const committed = call.commit();
        FrameWriter writer(call.kernel(), schedule.frame, schedule.index, committed);
        writer.object<abi::Schedule>().priority = arguments.priority;
        queues(call.kernel()).forget_priorities();
        memory(call.kernel()).frames.unsettle();
        return call.answer();
    }
};

} // namespace

Reply invoke_schedule(Invocation& call) {
    ScheduleOperations handlers;
    return dispatch_schedule(handlers, call);
}

} // namespace kernel
