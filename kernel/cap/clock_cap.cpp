// SPDX-License-Identifier: Apache-2.0
// The persistent clock and sleeping (R20).
#include <cap/kinds.hpp>
#include <sched/persistent_clock.hpp>

#include <kernel/dispatch/clock.hpp>

#include <limits>

namespace kernel {

namespace {

using namespace clock_interface;

// The wake time stands in the process, so that the sleep goes on after a restart; whoever dispatches the
// process when the time has come answers for it.
Reply sleep(Invocation& call, std::uint64_t time) {
    if (time <= persistent_clock(call.kernel()).now()) return call.answer();
    auto const committed = call.commit();
    static_cast<void>(committed); // the caller's own object is open for writing
    auto& process = call.caller().object;
    process.state = abi::RunState::sleeping;
    process.wake_time = time;
    queues(call.kernel()).sleep(call.caller().live, time);
    return call.waits();
}

struct Clock {
    Reply now(Invocation& call) { return answer(call, NowResult{persistent_clock(call.kernel()).now()}); }

    Reply sleep_until(Invocation& call, SleepUntilArguments const& arguments) {
        return sleep(call, arguments.nanoseconds);
    }

    Reply sleep_for(Invocation& call, SleepForArguments const& arguments) {
        auto const now = persistent_clock(call.kernel()).now();
        auto const longest = std::numeric_limits<std::uint64_t>::max() - now;
        return sleep(call, now + (arguments.nanoseconds < longest ? arguments.nanoseconds : longest));
    }

    Reply wall(Invocation& call) { return answer(call, WallResult{persistent_clock(call.kernel()).wall()}); }
};

} // namespace

Reply invoke_clock(Invocation& call) {
    Clock handlers;
    return dispatch_clock(handlers, call);
}

} // namespace kernel
