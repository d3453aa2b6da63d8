// SPDX-License-Identifier: Apache-2.0
// One seed of each workload, every fifth state: in a second a workload, for a first answer while one works on
// the store, and for planted bugs. Everything: crash_test.cpp.
#include "workloads.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tests {
namespace {

class CrashSample : public testing::TestWithParam<Workload> {};

TEST_P(CrashSample, recovers) {
    auto plan = GetParam().plan(1);
    plan.crash.every = 5;
    auto const result = CrashRun({std::string(GetParam().name), 1, 0}, plan).run();
    for (auto const& line : result.told) ADD_FAILURE() << line;
    EXPECT_EQ(result.violations, 0u);
    EXPECT_GT(result.counts.states, 100u);
}

std::vector<Workload> sampled() {
    auto all = all_workloads();
    // Its commits of more than 4 MiB take longer than all the others.
    std::erase_if(all, [](auto const& workload) { return workload.name == "two-flushes"; });
    return all;
}

auto const name = [](auto const& info) {
    std::string text(info.param.name);
    std::replace(text.begin(), text.end(), '-', '_');
    return text;
};
INSTANTIATE_TEST_SUITE_P(Store, CrashSample, testing::ValuesIn(sampled()), name);

} // namespace
} // namespace tests
