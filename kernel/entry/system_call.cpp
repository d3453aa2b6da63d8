// SPDX-License-Identifier: Apache-2.0
// The door of SYSCALL.
#include <core/entries.hpp>
#include <core/processor.hpp>
#include <entry/invoke.hpp>
#include <entry/leave.hpp>
#include <entry/unit.hpp>
#include <ipc/fast_path.hpp>

#include <abi/system_call.hpp>

namespace kernel {

void entry_system_call() {
    auto& processor = this_processor();
    auto& kernel = kernel_state();
    begin_unit(kernel);
    ++processor.system_calls;
    auto const caller = running_caller(kernel, processor);
    Dispatched receiver;
    bool const invokes = caller.registers().rax == static_cast<std::uint64_t>(abi::SystemCall::invoke);
    if (invokes && pass_message(kernel, caller, receiver)) enter_user(kernel, processor, receiver);
    system_call(kernel, caller);
    leave(kernel, processor);
}

} // namespace kernel
