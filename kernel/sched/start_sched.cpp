// SPDX-License-Identifier: Apache-2.0
// Storage of the live set, taken once at boot.
#include <arch/direct_map.hpp>
#include <sched/queues.hpp>

namespace kernel {

void start_sched(Kernel& kernel, BootMemory& memory) {
    auto const table = memory.take(live_processes_max * sizeof(LiveProcess));
    queues(kernel).live().start(arch::physical_array<LiveProcess>(table, live_processes_max));
}

} // namespace kernel
