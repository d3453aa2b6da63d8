// SPDX-License-Identifier: Apache-2.0
// The door of SYSCALL.
#include <core/entries.hpp>
#include <core/processor.hpp>
#include <entry/invoke.hpp>
#include <entry/leave.hpp>
#include <entry/unit.hpp>

namespace kernel {

void entry_system_call() {
    auto& processor = this_processor();
    auto& kernel = kernel_state();
    begin_unit(kernel);
    ++processor.system_calls;
    system_call(kernel, running_caller(kernel, processor));
    leave(kernel, processor);
}

} // namespace kernel
