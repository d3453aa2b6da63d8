// SPDX-License-Identifier: Apache-2.0
// The assistant: a second process that misbehaves, computes or serves, as the test
// says, and starts afresh each time.
#pragma once

#include <harness/harness.hpp>

#include <bit>

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
    compute_vectors,     // for ever, with state that would not survive a mix-up; break point when it does not
    compute_avx_vectors, // the same with AVX
    echo,                // serves: answers word 1 of each request plus one
    count,               // for ever, in the first word of the shared page
    use_root_slot, // fetches slot `parameter` of root_page_slot and identifies it; then a break point, or a
                   // touch of address_of_error
    call_entry, // calls entry_slot with the word `parameter` and the capability of its own endpoint; then as
                // use_root_slot, where an answer that is not one more counts as bad_argument
    invoke_at_random, // for ever, with the seed `parameter`; counts in the shared page
};

// The argument of an action.
constexpr std::uint64_t with_parameter(Action action, std::uint64_t parameter) {
    return static_cast<std::uint64_t>(action) | parameter << 8;
}

inline constexpr std::uint64_t unmapped_address = 0x7000'0000;
// Where the assistant reports an error that it has got.
constexpr std::uint64_t address_of_error(abi::Error error) {
    return unmapped_address + static_cast<std::uint64_t>(error);
}

// Stops the assistant wherever it is and starts it again with this action.
void start_assistant(Action action, std::uint64_t parameter = 0);
void stop_assistant();
// Yields until the assistant is faulted; the state it then has. Gives up after `yields`.
runtime::Process::StateResult wait_for_fault(unsigned yields = 20'000);
runtime::Process assistant();

// A page that test and assistants have at one address, if the test makes it.
inline constexpr std::uint64_t shared_address = 0x4'0000'0000;
inline std::uint64_t volatile& shared_word() {
    return *std::bit_cast<std::uint64_t volatile*>(shared_address);
}
// Puts the page in this slot into the address space in the other one, at shared_address.
bool share_page(runtime::Slot page, runtime::Slot space, runtime::Slot scratch);

// In the assistant's capability page: the store's root page, as far as the test gives it.
inline constexpr runtime::Slot root_page_slot(40);
inline constexpr runtime::Slot root_result_slot(41);
// And an entry to the test.
inline constexpr runtime::Slot entry_slot(42);
inline constexpr runtime::Slot sent_slot(43);

} // namespace tests
