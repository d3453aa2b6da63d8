// SPDX-License-Identifier: Apache-2.0
// When the power goes, how hard it hits, and the one line that tells about it.
#pragma once

#include "volatile_cache.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace tests {

using Clock = std::chrono::steady_clock;

struct Counts {
    std::uint64_t events = 0; // every request received and every request completed is one
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    std::uint64_t flushes = 0;
    std::uint64_t completed_writes = 0;
    std::uint64_t completed_flushes = 0;
};

// The instant of the cut; the first condition that is met wins.
struct CutPlan {
    std::optional<std::uint64_t> events;
    std::optional<std::uint64_t> writes;
    std::optional<std::uint64_t> flushes; // received: what they were to cover is still volatile
    std::optional<Clock::time_point> time;

    [[nodiscard]] bool due(Counts const& counts) const {
        return (events && counts.events >= *events) || (writes && counts.writes >= *writes) ||
               (flushes && counts.flushes >= *flushes) || (time && Clock::now() >= *time);
    }
};

// The share of unflushed sectors that survive, drawn per cut: from "all forgotten" to "almost all there".
double draw_keep_probability(std::mt19937_64& random);

std::string counts_json(Counts const& counts, std::size_t pending_sectors);
std::string cut_json(Counts const& counts, CutReport const& report, std::uint64_t seed,
                     double keep_probability);

} // namespace tests
