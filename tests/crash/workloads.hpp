// SPDX-License-Identifier: Apache-2.0
// The workloads of the crash enumeration, by name. A workload makes one plan for each seed.
#pragma once

#include "crash_run.hpp"

#include <span>
#include <vector>

namespace tests {

struct Workload {
    std::string_view name;
    std::uint64_t seeds; // in ./run test; the other tiers take a multiple
    Plan (*plan)(std::uint64_t seed);
    std::uint64_t least_counted = 0; // of the plans' counter, in the test tier
    std::uint64_t times = 10;        // so many more seeds in ./run crash
};

std::span<Workload const> workloads();
std::span<Workload const> fault_workloads();  // fault_workloads.cpp
std::span<Workload const> travel_workloads(); // travel_workloads.cpp
std::span<Workload const> tool_workloads();   // tool_workloads.cpp
std::vector<Workload> all_workloads();

// What most plans are made of.
Model some_changes(std::mt19937_64& random, std::uint64_t frames, std::uint64_t count);
std::function<void(ReferenceStore&, SimulatedDisk&)> commits(int count, std::uint64_t seed,
                                                             std::uint64_t frames, std::uint64_t most);
// One page of a content that `seed` names.
ModelFrame page(std::uint64_t seed);

} // namespace tests
