// SPDX-License-Identifier: Apache-2.0
// The beginning of every unit of operation.
#pragma once

#include <core/processor.hpp>
#include <ipc/party.hpp>

namespace kernel {

// Takes the lock; in amnesia mode, every so many units, forgets everything that can be built again.
void begin_unit(Kernel& kernel);

// Drops every cache (amnesia): tables, mapping lists, dependencies, object-table
// entries, queues, clean frames.
void forget_caches(Kernel& kernel);

inline Caller running_caller(Kernel const& kernel, Processor const& processor) {
    return {{processor.process_index, 0}, *processor.process, queues(kernel).running()};
}

} // namespace kernel
