// SPDX-License-Identifier: Apache-2.0
// The rate of migration as bytes over time.
#include <migration_budget.hpp>

#include <gtest/gtest.h>

namespace {

using migrator::MigrationBudget;

constexpr std::uint64_t ms = 1'000'000;

TEST(MigrationBudget, EarnsItsRate) {
    MigrationBudget budget(1024, 5000 * ms); // a MiB a second
    std::uint64_t bytes = 0;
    for (std::uint64_t turn = 1; turn <= 1000; ++turn) bytes += budget.earned((5000 + turn * 7) * ms);
    EXPECT_GE(bytes, 7'330'000u);
    EXPECT_LE(bytes, 7'340'032u);
}

TEST(MigrationBudget, CallsThatComeFastLoseNothing) {
    MigrationBudget budget(1, 0); // a KiB a second: a byte in a millisecond
    std::uint64_t bytes = 0;
    for (std::uint64_t now = 0; now <= 1000 * ms; now += ms / 10) bytes += budget.earned(now);
    EXPECT_GE(bytes, 900u);
    EXPECT_LE(bytes, 1024u);
}

TEST(MigrationBudget, AnIdleHourIsNoBurst) {
    MigrationBudget budget(1024, 0);
    EXPECT_LE(budget.earned(3'600'000 * ms), 1024u * 1024 / 10);
    EXPECT_GE(MigrationBudget::wake_at(7 * ms), 8 * ms);
}

TEST(MigrationBudget, AClockThatStandsStillEarnsNothing) {
    MigrationBudget budget(1024, 50 * ms);
    EXPECT_EQ(budget.earned(50 * ms), 0u);
    EXPECT_EQ(budget.earned(40 * ms), 0u);
    EXPECT_FALSE(MigrationBudget(0, 0).limited());
    EXPECT_TRUE(budget.limited());
}

} // namespace
