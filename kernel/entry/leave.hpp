// SPDX-License-Identifier: Apache-2.0
// The way out of the kernel: choose who runs, load its address space, return to user mode.
#pragma once

#include <core/kernel.hpp>
#include <core/processor.hpp>

namespace kernel {

// Every unit of operation ends here, boot as well. The kernel stack is forgotten.
[[noreturn]] void leave(Kernel& kernel, Processor& processor);

} // namespace kernel
