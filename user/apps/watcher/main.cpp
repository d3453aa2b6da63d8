// SPDX-License-Identifier: Apache-2.0
// Reads the compute loop's page, which it shares read-only, and prints it. Rounds never fall: both programs
// are of one instant, whatever was cut.
#include <apps/compute_result.hpp>
#include <apps/say.hpp>
#include <runtime/client/clock.hpp>
#include <runtime/program.hpp>

#include <bit>
#include <cstdint>

namespace {

constexpr std::uint64_t pause_ns = 50'000'000;
constinit std::uint64_t rounds_seen = 0;

// The page changes under us.
compute::Result const volatile& shared_result() {
    return *static_cast<compute::Result const volatile*>(std::bit_cast<void*>(compute::result_address));
}

} // namespace

extern "C" int main(std::uint64_t) {
    runtime::Clock const clock{runtime::Slot(apps::AppSlot::clock)};
    for (;;) {
        std::uint64_t const rounds = shared_result().rounds;
        std::uint64_t const failures = shared_result().failures;
        if (failures != 0) apps::say("compute: self-check FAILED in ", failures, " of ", rounds, " rounds");
        else if (rounds < rounds_seen)
            apps::say("compute: self-check FAILED: ", rounds, " rounds after ", rounds_seen);
        else apps::say("compute: ", rounds, " rounds, ok");
        rounds_seen = rounds;
        static_cast<void>(clock.sleep_for(pause_ns));
    }
}
