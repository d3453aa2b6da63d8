// SPDX-License-Identifier: Apache-2.0
// The only place that blocks. What waits is a process whose program counter stands at what it will do again.
#pragma once

#include <ipc/party.hpp>

namespace kernel {

// The process needs the frame in core(kernel).absent, or memory (no_memory). False: the frame's content is
// lost, so that waiting is in vain.
[[nodiscard]] bool wait_for_retry(Kernel& kernel, LiveIndex live, Error error);

// An invocation that could not go on: back onto the SYSCALL instruction, all input registers as they were.
void rewind(abi::Registers& registers);

} // namespace kernel
