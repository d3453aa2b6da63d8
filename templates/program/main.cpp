// SPDX-License-Identifier: Apache-2.0
// A program of one's own. Its counter stands in its memory, and there is nothing else to do to keep it: it
// goes on after the plug was pulled.
#include <apps/say.hpp>
#include <runtime/client/clock.hpp>
#include <runtime/program.hpp>

#include <cstdint>

namespace {

constinit std::uint64_t greetings = 0;
constexpr std::uint64_t pause_ns = 200'000'000;

} // namespace

// `argument` is the number that system.toml gives the process. A program never returns.
extern "C" int main(std::uint64_t argument) {
    runtime::Clock const clock{runtime::Slot(apps::AppSlot::clock)};
    for (;;) {
        apps::say("hello: greeting ", ++greetings, " of process ", argument);
        static_cast<void>(clock.sleep_for(pause_ns));
    }
}
