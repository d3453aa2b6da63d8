// SPDX-License-Identifier: Apache-2.0
// The enumeration as a whole: tiers, threads, the table at the end. Environment:
//   STELE_CRASH_TIER=test|crash|campaign   how many seeds of each workload
//   STELE_CRASH_SEED=N                     the first of them (1)
//   STELE_CRASH_JOBS=N                     threads; each takes one seed of one workload at a time
//   STELE_CRASH_WORKLOAD=NAME              this one only
//   STELE_CRASH_REPLAY=NAME:SEED:STATE     one state, in a debugger if you like
#pragma once

#include "workloads.hpp"

#include <vector>

namespace tests {

enum class Tier : std::uint8_t { test, crash, campaign };

struct Settings {
    Tier tier = Tier::test;
    std::uint64_t first_seed = 1;
    unsigned jobs = 1;
    std::string workload; // empty: all
    RunName replay;       // `only` is 0: none

    static Settings from_environment();
    std::uint64_t seeds_of(Workload const& of) const;
};

struct Row {
    std::string_view name;
    std::uint64_t runs = 0, cuts = 0, states = 0, distinct = 0, most_pending = 0, newest_incomplete = 0;
    std::uint64_t counted = 0, least_counted = 0, violations = 0;
    Branches branches{};
    std::vector<std::string> told;
};

struct Totals {
    std::vector<Row> rows;
    std::uint64_t states = 0, distinct = 0, newest_incomplete = 0, violations = 0;
    Branches branches{};
};

// Runs every seed of every workload and prints the table.
Totals run_battery(Settings const& settings, std::vector<Workload> const& workloads);

} // namespace tests
