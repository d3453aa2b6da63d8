// SPDX-License-Identifier: Apache-2.0
// Random histories: stores of many sizes and limits, commits, idle notes, requests that fail, reboots. At
// every boot the store is at the newest acknowledged commit or a later whole one, every retained checkpoint
// has the content of its commit, and `check` finds nothing.
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace tests {
namespace {

constexpr std::uint32_t shift = 14;

checkpoint::Limits random_limits(std::mt19937_64& random, std::uint32_t segments) {
    auto limits = small_limits(segments);
    limits.fold_above = 4 + static_cast<std::uint32_t>(random() % 20);
    limits.kept = 1 + static_cast<std::uint32_t>(random() % (limits.fold_above - 2));
    limits.fetches = 1 + static_cast<std::uint32_t>(random() % 4);
    limits.cached_nodes = static_cast<std::uint32_t>(random() % 4);
    return limits;
}

struct Seen {
    std::uint64_t commits = 0, failed = 0, full = 0, boots = 0, folds = 0, moved = 0, later = 0, views = 0;
};

class History {
public:
    History(std::uint64_t seed, bool faults)
        : random_(seed),
          segments_(24 + static_cast<std::uint32_t>(random_() % 50)),
          limits_(random_limits(random_, segments_)),
          disk_(std::size_t{segments_} << shift,
                {.seed = seed, .order = static_cast<DiskOptions::Order>(random_() % 3)}),
          store_(disk_, limits_),
          frames_(4 + random_() % 40),
          faults_(faults) {}

    void run(Seen& seen) {
        ASSERT_TRUE(store_.format(shift, {static_cast<std::uint32_t>(random_() % 20),
                                          static_cast<std::uint16_t>(random_() % 20),
                                          static_cast<std::uint16_t>(random_() % 60)}));
        boot(seen);
        for (int i = 0; i < 300 && !testing::Test::HasFatalFailure(); ++i) {
            if (faults_ && random_() % 12 == 0) break_something();
            commit(seen);
            if (random_() % 9 == 0) store_.engine().note_idle();
            if (random_() % 5 == 0) store_.settle();
            if (random_() % 25 == 0) boot(seen);
        }
        seen.views += store_.views_compared();
    }

private:
    void break_something() {
        disk_.options.fail_request = 1 + random_() % 60;
        disk_.options.fail_count = 1 + random_() % 6;
        auto const kind = random_() % 4;
        disk_.options.fail_kind = std::nullopt;
        if (kind < 3) disk_.options.fail_kind = static_cast<store::RequestKind>(kind);
    }

    void commit(Seen& seen) {
        Model changes;
        for (auto n = random_() % 7; n > 0; --n)
            changes[2 + random_() % frames_] = {
                random_() % 3 == 0 ? abi::FrameType::process : abi::FrameType::data_page,
                static_cast<std::uint32_t>(random_() % 3), false, random_() % 3 == 0 ? 0 : random_() % 50};
        auto const broken = disk_.options.fail_request > 0;
        auto const failed = disk_.failed();
        auto const done = store_.commit(changes);
        ++seen.commits;
        if (done) return;
        if (done.error == abi::Error::no_space) {
            ++seen.full;
            // R29: not below the line where allocation is refused. A fault before may have used up what there
            // was; then the next call finds it again.
            if (disk_.failed() != failed || store_.engine().space().refuse_allocation) return;
            ASSERT_NE(store_.commit({}).error, abi::Error::no_space);
            return;
        }
        ASSERT_EQ(done.error, abi::Error::io);
        ASSERT_TRUE(broken || disk_.failed() > 0);
        ++seen.failed;
    }

    void boot(Seen& seen) {
        if (nonce_ > 1000) {
            store_.settle();
            seen.folds += store_.engine().counters().folds;
            seen.moved += store_.engine().counters().frames_moved;
        }
        for (;;) {
            auto const opened = store_.open(++nonce_);
            if (opened) break;
            ASSERT_EQ(opened.error, abi::Error::io);
            ASSERT_GT(disk_.failed(), 0u);
        }
        disk_.options.fail_request = 0;
        ++seen.boots;
        auto const number = model_number(store_.engine(), disk_);
        ASSERT_GE(number, store_.acknowledged());
        ASSERT_LT(number, store_.models().size());
        // A commit whose last flush failed may be whole all the same.
        seen.later += number > store_.acknowledged();
        auto const models = store_.models();
        store_.adopt(models, number);
        ASSERT_EQ(store_.compare(), "");
        ASSERT_EQ(store_.compare_history(), "");
    }

    std::mt19937_64 random_;
    std::uint32_t segments_;
    checkpoint::Limits limits_;
    SimulatedDisk disk_;
    ReferenceStore store_;
    std::uint64_t frames_;
    bool faults_;
    std::uint64_t nonce_ = 1000;
};

Seen run_histories(bool faults, std::uint64_t seeds) {
    Seen seen;
    for (std::uint64_t seed = 1; seed <= seeds && !testing::Test::HasFatalFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        History history(seed, faults);
        history.run(seen);
    }
    std::printf("%lu commits, %lu failed, %lu refused for space, %lu boots (%lu at a commit that was not "
                "acknowledged), %lu folds, %lu frames moved, %lu views of retained checkpoints compared\n",
                seen.commits, seen.failed, seen.full, seen.boots, seen.later, seen.folds, seen.moved,
                seen.views);
    EXPECT_GT(seen.folds, seeds);
    EXPECT_GT(seen.moved, seeds);
    EXPECT_GT(seen.full, 0u);
    EXPECT_GT(seen.views, 100 * seeds);
    return seen;
}

TEST(History, a_good_device) {
    auto const seen = run_histories(false, 60);
    EXPECT_EQ(seen.failed, 0u);
    EXPECT_EQ(seen.later, 0u);
}

TEST(History, a_device_that_fails_now_and_then) {
    auto const seen = run_histories(true, 60);
    EXPECT_GT(seen.failed, 60u);
    EXPECT_GT(seen.later, 0u);
}

} // namespace
} // namespace tests
