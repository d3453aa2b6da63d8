// SPDX-License-Identifier: Apache-2.0
// Lines that the harness reads: "bench: NAME key=value ...".
#pragma once

#include "samples.hpp"

#include <abi/boot_slots.hpp>
#include <runtime/client/log.hpp>
#include <runtime/print.hpp>

namespace bench {

template <class... Parts>
void say(Parts const&... parts) {
    static_cast<void>(runtime::print_line(runtime::Log{abi::SupervisorSlot::log}, "bench: ", parts...));
}

inline void report(std::string_view name, Spread spread) {
    say(name, " median=", spread.median, " p99=", spread.p99, " least=", spread.least);
}

// A figure that could not be taken, and why.
inline void report_failure(std::string_view name, std::string_view step, abi::Error error) {
    say(name, " failed: ", step, ": ", abi::describe(error).name);
}

} // namespace bench
