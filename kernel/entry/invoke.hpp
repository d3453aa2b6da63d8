// SPDX-License-Identifier: Apache-2.0
// The system calls: invoke, copy a capability, yield.
#pragma once

#include <ipc/party.hpp>

namespace kernel {

// One system call of the running process, as its registers say. Afterwards it is answered, or waits with its
// registers as they were, or was faulted; the queues know.
void system_call(Kernel& kernel, Caller const& caller);

// The invocation of a capability: send phase, then receive phase.
void invoke(Kernel& kernel, Caller const& caller);

} // namespace kernel
