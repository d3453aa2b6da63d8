// SPDX-License-Identifier: Apache-2.0
// Event bits between the resident programs: what is told upwards is an event, never a call (R19).
#pragma once

#include <cstdint>

namespace abi {

// On the supervisor's endpoint: bit i = resident program i has allocated all it ever will.
constexpr std::uint64_t ready_event(unsigned program) { return std::uint64_t{1} << program; }

enum class BlockDriverEvent : std::uint64_t { interrupt = 1, doorbell = 2 };
enum class MigratorEvent : std::uint64_t {
    completion = 1,
    frames_wanted = 2,
    checkpoint_wanted = 4,
    alarm = 8
};
enum class ConsoleEvent : std::uint64_t {
    interrupt = 1,
    committed = 2,
    failed = 4,
    restored = 8,
    alarm = 16,
    logged = 32
};

constexpr std::uint64_t bits(auto event) { return static_cast<std::uint64_t>(event); }

} // namespace abi
