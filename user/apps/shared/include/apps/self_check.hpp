// SPDX-License-Identifier: Apache-2.0
// How programs end: one that found its own state, or what another one told it, to be of another instant; one
// whose partner was killed.
#pragma once

#include <apps/say.hpp>
#include <runtime/client/clock.hpp>

namespace apps {

inline constexpr runtime::Clock clock{runtime::Slot(AppSlot::clock)};

template <class... Parts>
[[noreturn]] void rest(Parts const&... parts) {
    say(parts...);
    for (;;) static_cast<void>(clock.sleep_for(1'000'000'000));
}

template <class... Parts>
[[noreturn]] void self_check_failed(std::string_view program, Parts const&... parts) {
    rest(program, ": self-check FAILED: ", parts...);
}

} // namespace apps
