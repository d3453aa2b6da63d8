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

void begin_unit(Kernel& kernel) {
    auto& state = core(kernel);
    state.lock.acquire();
    auto& time = queues(kernel).user_time;
    if (time.since != 0) [[unlikely]] {
        time.in_flight += arch::now_ns() - time.since;
        time.since = 0;
    }
    if (state.amnesia_interval == 0) [[likely]]
        return;
    if (++state.amnesia_count < state.amnesia_interval) return;
    state.amnesia_count = 0;
    forget_caches(kernel);
}

} // namespace kernel
