// SPDX-License-Identifier: Apache-2.0
// Power, and the kernel's counts.
#include <arch/debug_exit.hpp>
#include <cap/kinds.hpp>
#include <core/processor.hpp>
#include <fetch/requests.hpp>

#include <kernel/dispatch/system_control.hpp>

namespace kernel {

namespace {

using namespace system_control_interface;

struct SystemControl {
    Reply power_off(Invocation&, PowerOffArguments const& arguments) { arch::power_off(arguments.status); }
    Reply reset(Invocation&) { arch::reset_machine(); }

    Reply counters(Invocation& call) {
        auto const& processor = this_processor();
        auto const& kernel = call.kernel();
        auto const& cache = memory(kernel).frames;
        std::uint64_t clean = 0;
        std::uint64_t dirty = 0;
        for (FrameIndex i = 0; i < cache.size(); ++i) {
            auto const state = cache[i].state;
            if (state == FrameState::clean) ++clean;
            if (state == FrameState::dirty) ++dirty;
        }
        return answer(call, CountersResult{processor.system_calls + processor.interrupts + processor.faults,
                                           processor.interrupts, processor.faults, cache.free_count(), clean,
                                           dirty, requests(kernel).total()});
    }
};

} // namespace

Reply invoke_system_control(Invocation& call) {
    SystemControl handlers;
    return dispatch_system_control(handlers, call);
}

} // namespace kernel
