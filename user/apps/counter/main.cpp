// SPDX-License-Identifier: Apache-2.0
// Counts. The count stands in two pages and its square in a third; they are compared before every step, so a
// restart that mixed pages of two instants would be seen.
#include <apps/say.hpp>
#include <runtime/client/clock.hpp>
#include <runtime/program.hpp>

#include <cstdint>

namespace {

struct alignas(4096) Page {
    std::uint64_t value;
};

constinit Page first{}, second{}, square{};
constexpr std::uint64_t step_ns = 10'000'000;
constexpr std::uint64_t steps_per_line = 5;

} // namespace

extern "C" int main(std::uint64_t) {
    runtime::Clock const clock{runtime::Slot(apps::AppSlot::clock)};
    for (;;) {
        // Through volatile: the comparison is with memory, not with what the compiler knows.
        std::uint64_t const volatile& a = first.value;
        std::uint64_t const volatile& b = second.value;
        std::uint64_t const volatile& s = square.value;
        if (a != b || s != a * a) {
            apps::say("counter: self-check FAILED: ", a, " and ", b, ", square ", s);
            break;
        }
        auto const next = a + 1;
        first.value = second.value = next;
        square.value = next * next;
        if (next % steps_per_line == 0) apps::say("counter: ", next);
        static_cast<void>(clock.sleep_for(step_ns));
    }
    for (;;) static_cast<void>(clock.sleep_for(1'000'000'000));
}
