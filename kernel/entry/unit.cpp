// SPDX-License-Identifier: Apache-2.0
// Lock and amnesia.
#include <entry/unit.hpp>

#include <arch/clock.hpp>
#include <mapping/evict.hpp>

namespace kernel {

void forget_caches(Kernel& kernel) {
    drop_all(kernel);
    queues(kernel).drop();
}

void begin_noted_unit(Kernel& kernel) {
    auto& time = queues(kernel).user_time;
    if (time.since != 0) {
        time.in_flight += arch::now_ns() - time.since;
        time.since = 0;
    }
    auto& state = core(kernel);
    if (state.amnesia_interval == 0) return;
    if (++state.amnesia_count < state.amnesia_interval) return;
    state.amnesia_count = 0;
    forget_caches(kernel);
}

} // namespace kernel
