// SPDX-License-Identifier: Apache-2.0
// The machine's Kernel. Constant-initialised: nothing runs before kernel_start.
#include <boot/kernel_state.hpp>

namespace kernel {

namespace {

constinit Kernel the_kernel{};

} // namespace

Kernel& kernel_state() { return the_kernel; }
Log& kernel_log() { return the_kernel.log; }

} // namespace kernel
