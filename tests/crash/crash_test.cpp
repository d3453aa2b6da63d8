// SPDX-License-Identifier: Apache-2.0
// Crash enumeration (T1, T2) over all workloads.
#include "battery.hpp"

#include <gtest/gtest.h>

namespace tests {
namespace {

TEST(Crash, every_state_recovers_to_the_newest_acknowledged_checkpoint_or_a_later_whole_one) {
    auto const settings = Settings::from_environment();
    auto const totals = run_battery(settings, all_workloads());
    for (auto const& row : totals.rows)
        for (auto const& line : row.told) ADD_FAILURE() << line;
    EXPECT_EQ(totals.violations, 0u);
    if (!settings.workload.empty()) return;
    for (auto const& row : totals.rows) {
        EXPECT_GE(row.counted, row.least_counted) << row.name << " did not do what it is for";
        if (settings.tier != Tier::test) {
            EXPECT_GE(row.distinct, 100'000u) << row.name;
        }
    }
    for (std::size_t i = 0; i < branch_names.size(); ++i)
        EXPECT_GT(totals.branches[i], 0u) << branch_names[i];
    auto const crash = settings.tier != Tier::test;
    EXPECT_GE(totals.states, crash ? 10'000'000u : 1'000'000u);
    EXPECT_GE(totals.distinct, crash ? 1'000'000u : 100'000u);
    EXPECT_GE(totals.newest_incomplete * 100, totals.states * 30);
}

} // namespace
} // namespace tests
