// SPDX-License-Identifier: Apache-2.0
// Crash enumeration (T1, T2): the workloads, and the tests of the test.
#include "crash_run.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace tests {
namespace {

Model some_changes(std::mt19937_64& random, std::uint64_t frames, std::uint64_t count) {
    Model changes;
    for (std::uint64_t i = 0; i < count; ++i)
        changes[2 + random() % frames] = {random() % 3 == 0 ? abi::FrameType::process
                                                            : abi::FrameType::data_page,
                                          static_cast<std::uint32_t>(random() % 3), false, random() % 5};
    return changes;
}

auto commits(int count, std::uint64_t seed, std::uint64_t frames, std::uint64_t most) {
    return [=](ReferenceStore& store, SimulatedDisk&) {
        std::mt19937_64 random(seed);
        for (int i = 0; i < count; ++i)
            ASSERT_TRUE(store.commit(some_changes(random, frames, random() % (most + 1))));
    };
}

TEST(Crash, plain_commits) {
    for (std::uint64_t seed = 1; seed <= 32; ++seed) {
        CrashRun run({.name = "plain commits",
                      .disk = {.seed = seed},
                      .run = commits(16, seed, 9, 8),
                      .crash = {.exhaustive_below = 10, .samples = 60, .seed = seed}});
        run.run();
    }
}

TEST(Crash, first_boot_and_reboots) {
    CrashRun run(
        {.name = "reboots",
         .before = commits(2, 7, 9, 5),
         .run =
             [](ReferenceStore& store, SimulatedDisk&) {
                 for (std::uint64_t boot = 0; boot < 4; ++boot) {
                     store.settle();
                     ASSERT_TRUE(store.open(2000 + boot));
                     ASSERT_EQ(store.compare(), "");
                     if (boot != 2) {
                         ASSERT_TRUE(store.commit({{4, {abi::FrameType::data_page, 0, false, boot + 5}}}));
                     }
                 }
             },
         .crash = {.samples = 40},
         .reopen_every = 100,
         .nest_every = 50});
    run.run();
}

TEST(Crash, folds) {
    for (std::uint64_t seed = 1; seed <= 16; ++seed) {
        CrashRun run({.name = "folds",
                      .disk = {.seed = seed},
                      .before = commits(6, seed, 9, 5),
                      .run = commits(40, seed + 100, 9, 5),
                      .crash = {.samples = 40, .seed = seed},
                      .nest_every = 2000});
        run.run();
    }
}

TEST(Crash, segments_are_reused_over_laps) {
    std::uint64_t laps = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        auto const run_laps = [&](ReferenceStore& store, SimulatedDisk& disk) {
            auto const before = store.engine().counters().laps;
            commits(90, seed + 22, 12, 5)(store, disk);
            laps += store.engine().counters().laps - before;
        };
        CrashRun run({.name = "laps of the log",
                      .segments = 30,
                      .disk = {.seed = seed},
                      .before = commits(60, seed + 20, 12, 5),
                      .run = run_laps,
                      .crash = {.exhaustive_below = 8, .samples = 20, .seed = seed},
                      .nest_every = 2500});
        run.run();
    }
    EXPECT_GT(laps, 24u);
}

TEST(Crash, cleaning) {
    auto const fill = [](ReferenceStore& store, SimulatedDisk&) {
        for (std::uint64_t frame = 2; frame < 38; frame += 4) {
            Model changes;
            for (auto i = frame; i < frame + 4; ++i)
                changes[i] = {abi::FrameType::data_page, 0, false, 100 + i};
            ASSERT_TRUE(store.commit(changes));
        }
        std::mt19937_64 random(1);
        for (int i = 0; i < 40; ++i) ASSERT_TRUE(store.commit(some_changes(random, 12, 2)));
    };
    std::uint64_t moved = 0;
    CrashRun run({.name = "cleaning",
                  .segments = 36,
                  .before = fill,
                  .run =
                      [&](ReferenceStore& store, SimulatedDisk&) {
                          std::mt19937_64 random(5);
                          for (int i = 0; i < 40; ++i) ASSERT_TRUE(store.commit(some_changes(random, 36, 3)));
                          moved = store.engine().counters().frames_moved;
                      },
                  .crash = {.exhaustive_below = 7, .samples = 10}});
    run.run();
    EXPECT_GT(moved, 20u);
}

// The k-th request of a kind fails, or so many in a row: the commit is abandoned (R25), and what a failed
// write or flush may have lost is lost for good in some of the states.
void fail_and_cut(std::uint64_t k, std::uint64_t count, std::optional<store::RequestKind> kind,
                  int commits_after) {
    std::uint64_t failed = 0;
    auto const body = [&](ReferenceStore& store, SimulatedDisk& disk) {
        std::mt19937_64 random(k);
        disk.options.fail_request = k;
        disk.options.fail_count = count;
        disk.options.fail_kind = kind;
        for (int i = 0; i < commits_after; ++i) {
            auto const done = store.commit(some_changes(random, 9, 3));
            if (done) continue;
            ++failed;
            ASSERT_EQ(done.error, abi::Error::io);
        }
    };
    CrashRun run({.name = "request " + std::to_string(k) + " fails",
                  .disk = {.seed = k},
                  .before = commits(3, 31, 9, 4),
                  .run = body,
                  .crash = {.exhaustive_below = 7, .samples = 10, .seed = k},
                  .faults = true});
    run.run();
    EXPECT_LE(failed, count);
}

TEST(Crash, failed_requests_abandon_commits) {
    for (std::uint64_t k = 1; k <= 30; ++k) fail_and_cut(k, 1, std::nullopt, 6);
}

TEST(Crash, failed_flushes_abandon_commits) {
    for (std::uint64_t k = 1; k <= 16; ++k) fail_and_cut(k, 1 + k % 2, store::RequestKind::flush, 14);
}

TEST(Crash, failed_writes_in_a_row_abandon_commits) {
    for (std::uint64_t k = 1; k <= 40; k += 3) fail_and_cut(k, 5, store::RequestKind::write, 16);
}

TEST(Crash, two_flushes_above_four_mebibytes) {
    auto big = [](ReferenceStore& store, SimulatedDisk&) {
        Model changes;
        for (std::uint64_t frame = 2; frame < 1060; ++frame)
            changes[frame] = {abi::FrameType::data_page, 0, false, frame};
        ASSERT_TRUE(store.commit(changes));
        ASSERT_TRUE(store.commit({{2, {abi::FrameType::data_page, 0, false, 1}}}));
    };
    Workload workload{.name = "4.1 MiB, two flushes",
                      .segments = 900,
                      .before = commits(2, 41, 9, 4),
                      .run = big,
                      .crash = {.exhaustive_below = 5, .samples = 1, .every = 4001},
                      .reopen_every = 500,
                      .entries = 4096};
    CrashRun run(workload);
    run.run();
}

TEST(Crash, idle_notes) {
    CrashRun run({.name = "idle notes",
                  .before = commits(3, 51, 9, 4),
                  .run = [](ReferenceStore& store, SimulatedDisk&) {
                      for (std::uint64_t i = 0; i < 6; ++i) {
                          ASSERT_TRUE(store.commit({{3, {abi::FrameType::data_page, 0, false, 60 + i}}}));
                          store.settle();
                          store.engine().note_idle();
                          store.settle();
                      }
                  }});
    run.run();
}

// The test of the test: a disk that ignores flushes must be found out, or the enumeration proves nothing.
TEST(Crash, a_dropped_flush_is_found) {
    CrashRun run({.name = "planted: flushes dropped",
                  .disk = {.drop_flushes = true},
                  .before = nullptr,
                  .run = commits(6, 61, 9, 4),
                  .crash = {.exhaustive_below = 6, .samples = 40},
                  .reopen_every = 1'000'000,
                  .expect_violations = true});
    run.run();
    EXPECT_GT(run.violations(), 100u);
}

// The same for recovery: one that believes the newest record without looking at its frames (R26).
TEST(Crash, a_record_that_is_believed_is_found) {
    CrashRun run({.name = "planted: record believed",
                  .before = commits(3, 71, 9, 4),
                  .run = commits(6, 72, 9, 6),
                  .crash = {.exhaustive_below = 8, .samples = 40},
                  .reopen_every = 1'000'000,
                  .expect_violations = true,
                  .trusting = true});
    run.run();
    EXPECT_GT(run.violations(), 1000u);
}

TEST(Crash, zz_every_branch_of_recovery_was_reached) {
    auto const& t = totals();
    EXPECT_GE(t.states, 1'000'000u);
    auto const& b = t.branches;
    std::printf(
        "total: %lu states, %lu distinct, %lu cuts; newest record torn or a copy missing in %.0f %%\n",
        t.states, t.distinct, t.cuts,
        100.0 * static_cast<double>(t.newest_incomplete) / static_cast<double>(t.states));
    std::pair<char const*, std::uint64_t> const table[] = {
        {"torn newest record, one back", b.torn},
        {"newest record's frames verified", b.verified},
        {"trusted: root slot acknowledges", b.trusted_slot},
        {"trusted: flushed first", b.trusted_flushed},
        {"second copy used", b.second_copy},
        {"root slot 0 chosen", b.slot0},
        {"root slot 1 chosen", b.slot1},
        {"no record after the slot", b.nothing_walked},
        {"one record after the slot", b.one_walked},
        {"several records after the slot", b.many_walked},
        {"with an object map", b.with_map},
        {"without an object map", b.without_map},
        {"newest acknowledged came back", b.exactly_acked},
        {"a later whole one came back", b.later_than_acked},
        {"opened for writing and committed to", b.reopened},
        {"cut during recovery", b.nested_states}};
    for (auto const& [name, count] : table) {
        std::printf("  %-38s %9lu\n", name, count);
        EXPECT_GT(count, 0u) << name;
    }
}

} // namespace
} // namespace tests
