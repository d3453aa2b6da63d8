// SPDX-License-Identifier: Apache-2.0
// The way out of the kernel: choose who runs, load its address space, return to user mode.
#pragma once

#include <core/processor.hpp>
#include <ipc/standing.hpp>

namespace kernel {

// Every unit of operation ends here, boot as well. The kernel stack is forgotten.
[[noreturn]] void leave(Kernel& kernel, Processor& processor);

// Here, too, when it is known who runs: the running process of the queues.
[[noreturn]] void enter_user(Kernel& kernel, Processor& processor, Dispatched const& next);

} // namespace kernel
