// SPDX-License-Identifier: Apache-2.0
// From a chosen process to one that may enter user mode: its frame, register page and address space are
// resident, its object may be written by the entry code (R11, R36).
#pragma once

#include <ipc/standing.hpp>

namespace kernel {

// Prepares the running entry of the queues. False: the process cannot run now and stands elsewhere (waits,
// sleeps, is not live); or it was faulted or lost its turn and is ready again.
bool prepare_running(Kernel& kernel, Dispatched& dispatched);

} // namespace kernel
