// SPDX-License-Identifier: Apache-2.0
// The assistant: a second process that misbehaves, computes or serves, as the test says, and starts afresh
// each time.
#pragma once

#include <harness/harness.hpp>

namespace tests {

enum class Action : std::uint64_t {
    spin,          // for ever, counting in a register
    read_unmapped, // unmapped_address
    write_code,
    execute_stack,
    read_kernel,
    read_non_canonical,
    halt,
    port_input,
    divide_by_zero,
    bad_opcode,
    break_point,
    software_interrupt,
    single_step,
    unknown_system_call,
    compute_vectors, // for ever, with state that would not survive a mix-up; bad opcode when it does not
    echo,            // serves: answers word 1 of each request plus one
};

inline constexpr std::uint64_t unmapped_address = 0x7000'0000;

// Stops the assistant wherever it is and starts it again with this action.
void start_assistant(Action action);
void stop_assistant();
// Yields until the assistant is faulted; the state it then has. Gives up after `yields`.
runtime::Process::StateResult wait_for_fault(unsigned yields = 20'000);
runtime::Process assistant();

} // namespace tests
