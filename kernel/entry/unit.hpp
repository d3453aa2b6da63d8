// SPDX-License-Identifier: Apache-2.0
// The beginning of every unit of operation.
#pragma once

#include <core/processor.hpp>
#include <ipc/party.hpp>

namespace kernel {

// A unit after user mode whose time is counted, or in amnesia mode.
void begin_noted_unit(Kernel& kernel);

// Takes the lock; in amnesia mode, every so many units, forgets everything that can be built again.
inline void begin_unit(Kernel& kernel) {
    core(kernel).lock.acquire();
    if (queues(kernel).user_time.since != 0 || core(kernel).amnesia_interval != 0) [[unlikely]]
        begin_noted_unit(kernel);
}

// Drops every cache (amnesia): tables, mapping lists, dependencies, object-table
// entries, queues, clean frames.
void forget_caches(Kernel& kernel);

inline Caller running_caller(Kernel const& kernel, Processor const& processor) {
    return {{processor.process_index, 0}, *processor.process, queues(kernel).running()};
}

} // namespace kernel
