// SPDX-License-Identifier: Apache-2.0
// Printing on the console from a program that survives: `restarted` means the console is another boot's, so
// the line is printed again. A line may appear twice, never not at all.
#pragma once

#include <apps/slots.hpp>
#include <runtime/client/console.hpp>
#include <runtime/print.hpp>

namespace apps {

inline constexpr runtime::Console console{runtime::Slot(AppSlot::console)};

// A line of its own accord; the console answers when the program may print again.
template <class... Parts>
void say(Parts const&... parts) {
    while (runtime::print_line(console, parts...).error == abi::Error::restarted) {}
}

// A line that answers something typed; not paced.
template <class... Parts>
void reply(Parts const&... parts) {
    runtime::Line line;
    base::print(line, parts...);
    while (console.write_now(line.view()).error == abi::Error::restarted) {}
}

} // namespace apps
