// SPDX-License-Identifier: Apache-2.0
// One flush a commit is enough, and no part of the protocol is there for nothing: each barrier is taken away
// in turn, by the disk or by what is believed, and the enumeration must find states that lost something.
#include "workloads.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace tests {
namespace {

Plan eight_commits(std::uint64_t seed) {
    return {.disk = {.seed = seed},
            .before = commits(3, seed + 70, 9, 4),
            .run = commits(8, seed, 9, 6),
            .crash = {.exhaustive_below = 8, .samples = 40, .seed = seed},
            .reopen_every = 0,
            .nest_every = 0};
}

struct Found {
    std::uint64_t states = 0, violations = 0;
};

// Three seeds of the plan as `change` leaves it.
template <class Change>
Found enumerate(char const* name, Change change) {
    Found found;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        auto plan = eight_commits(seed);
        change(plan);
        auto const result = CrashRun({name, seed, 0}, plan).run();
        found.states += result.counts.states;
        found.violations += result.violations;
    }
    std::printf("%-52s %8lu states, %8lu lost something\n", name, found.states, found.violations);
    return found;
}

TEST(Barriers, with_all_of_them_nothing_is_lost) {
    auto const found = enumerate("as it is", [](Plan&) {});
    EXPECT_GT(found.states, 5'000u);
    EXPECT_EQ(found.violations, 0u);
}

TEST(Barriers, a_flush_that_does_nothing_is_found) {
    EXPECT_GT(enumerate("flush dropped", [](Plan& plan) { plan.disk.drop_flushes = true; }).violations,
              1000u);
}

TEST(Barriers, an_acknowledgement_before_the_flush_is_found) {
    EXPECT_GT(enumerate("acknowledged before the flush", [](Plan& plan) { plan.early = true; }).violations,
              500u);
}

// The engine hears of its flush two writes before the flush has any effect: what it then submits of the
// successor may reach the disk before what came before it. Acknowledgements are counted where they are true.
TEST(Barriers, a_successor_submitted_before_the_flush_returned_is_found) {
    auto const found = enumerate("successor submitted before the flush returned",
                                 [](Plan& plan) { plan.disk.late_flush = 6; });
    EXPECT_GT(found.violations, 500u);
}

TEST(Barriers, a_newest_record_that_is_believed_unverified_is_found) {
    auto const found =
        enumerate("frames of the newest record not verified", [](Plan& plan) { plan.trusting = true; });
    EXPECT_GT(found.violations, 1000u);
}

// Nothing to flush: writes are durable in the order in which they complete.
TEST(Barriers, a_device_without_a_cache_needs_no_flush) {
    auto const whole = enumerate("no cache", [](Plan& plan) { plan.disk.volatile_cache = false; });
    EXPECT_EQ(whole.violations, 0u);
    auto const unflushed = enumerate("no cache, flush dropped", [](Plan& plan) {
        plan.disk.volatile_cache = false;
        plan.disk.drop_flushes = true;
    });
    EXPECT_EQ(unflushed.violations, 0u);
    // What a record may not overtake, and what may not be said too early, is the same there.
    auto const early = enumerate("no cache, acknowledged early", [](Plan& plan) {
        plan.disk.volatile_cache = false;
        plan.early = true;
    });
    EXPECT_GT(early.violations, 100u);
    auto const believed = enumerate("no cache, frames not verified", [](Plan& plan) {
        plan.disk.volatile_cache = false;
        plan.trusting = true;
    });
    EXPECT_GT(believed.violations, 100u);
}

// Commits of so many pages each; how many flushes the last one took.
std::uint64_t flushes_of(std::uint64_t pages, std::uint64_t& violations) {
    std::uint64_t flushes = 0;
    Plan plan{.segments = 900,
              .entries = 4096,
              .run =
                  [&](ReferenceStore& store, SimulatedDisk& disk) {
                      Model changes;
                      // Frame 1 goes with every commit.
                      for (std::uint64_t frame = 2; frame <= pages; ++frame) changes[frame] = page(frame);
                      auto const before = disk.flushes();
                      ASSERT_TRUE(store.commit(changes));
                      flushes = disk.flushes() - before;
                      ASSERT_TRUE(store.commit({{2, page(1)}}));
                  },
              .crash = {.exhaustive_below = 6, .samples = 2, .every = 3001},
              .reopen_every = 0,
              .nest_every = 0};
    auto const result = CrashRun({"one-commit", pages, 0}, plan).run();
    std::printf("%lu pages in one commit: %lu flushes, %lu states\n", pages, flushes, result.counts.states);
    violations += result.violations;
    return flushes;
}

TEST(Barriers, one_flush_up_to_four_mebibytes_two_above) {
    std::uint64_t violations = 0;
    EXPECT_EQ(flushes_of(1, violations), 1u);
    EXPECT_EQ(flushes_of(1024, violations), 1u);
    EXPECT_EQ(flushes_of(1025, violations), 2u);
    EXPECT_EQ(violations, 0u);
}

} // namespace
} // namespace tests
