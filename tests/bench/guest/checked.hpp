// SPDX-License-Identifier: Apache-2.0
// Bare calls whose refusals are counted, so that no figure is that of a refusal.
#pragma once

#include "bare_call.hpp"
#include "report.hpp"

#include <runtime/invoke.hpp>

namespace bench {

inline constinit std::uint64_t failures = 0;

// A call with the registers and nothing else.
inline void bare_call(runtime::Slot target, std::uint64_t words, std::uint64_t word) {
    BareMessage message{0, call_control(words).raw(), target.number, word};
    invoke(message);
    if (message.result != 0) ++failures;
}

// An operation with one argument that the kernel answers; word 0 of the answer is its error.
inline void bare_operation(runtime::Slot target, std::uint64_t operation, std::uint64_t argument) {
    WideMessage message{call_control(2).raw(), target.number, {operation, argument}};
    if (invoke(message) != 0 || message.words[0] != 0) ++failures;
}

// Waits for anything; its kind.
inline abi::MessageKind bare_receive(std::uint64_t accepted) {
    BareMessage message{0, receive_control(accepted).raw(), 0, 0};
    invoke(message);
    if (message.result != 0) ++failures;
    return abi::ControlWord(message.control).kind();
}

inline void count_failure(bool failed) {
    if (failed) ++failures;
}

inline void report_checked(std::string_view name, Spread spread) {
    if (failures != 0) say(name, " failed: ", failures, " calls were refused");
    else report(name, spread);
    failures = 0;
}

} // namespace bench
