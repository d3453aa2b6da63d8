// SPDX-License-Identifier: Apache-2.0
// Cleaning: however the frames that are written lie, a store below the line where allocation is refused takes
// commits for ever, at a bounded price in bytes.
#include "crash_states.hpp"
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>

namespace tests {
namespace {

constexpr std::uint32_t segment_shift = 16, segments = 384;
constexpr std::uint64_t frames_a_commit = 64;

checkpoint::Limits cleaning_limits() {
    checkpoint::Limits limits;
    limits.segments = segments;
    limits.unmigrated_entries = 4096;
    limits.commit_chunk = 64 * 1024;
    return limits;
}

struct Price {
    double written = 0;            // bytes per byte dirtied
    std::uint64_t moved = 0;       // frames
    std::uint64_t relocations = 0; // passes that moved them without writing the map
    double fill = 0;
};

class Cleaning : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(store_.format(segment_shift, {.newest = 4, .tenths = 0, .seconds = 0}));
        ASSERT_TRUE(store_.open(100));
    }

    void write(std::uint64_t first, std::uint64_t count, std::uint64_t set) {
        Model changes;
        for (std::uint64_t i = 0; i < count; ++i)
            changes[2 + (set == 0 ? first + i : first + random_() % set)] = {abi::FrameType::data_page, 0,
                                                                             false, random_()};
        auto const done = store_.commit(changes);
        ASSERT_TRUE(done) << abi::describe(done.error).name;
        dirtied_ += changes.size() * abi::frame_size;
    }

    // Frames until so many hundredths of what is usable live, or of the line where allocation is refused.
    void fill(std::uint64_t hundredths) {
        for (auto full = false; !full && !HasFatalFailure(); frames_ += frames_a_commit) {
            write(frames_, frames_a_commit, 0);
            auto const space = store_.engine().space();
            full = space.live_bytes >= std::min(space.usable_bytes / 100 * hundredths, space.limit_bytes);
        }
    }

    // Four times what the store holds, of it so many hundredths to a tenth of the frames.
    Price dirty(std::uint64_t hot) {
        auto const& counters = store_.engine().counters();
        auto const written = [&] { return counters.bytes_committed + counters.bytes_migrated; };
        auto const bytes_before = written(), moved_before = counters.frames_moved;
        auto const relocations_before = counters.relocations;
        dirtied_ = 0;
        while (dirtied_ < 4 * (std::uint64_t{segments} << segment_shift) && !HasFatalFailure()) {
            if (random_() % 100 < hot) write(0, frames_a_commit, frames_ / 10);
            else write(frames_ / 10, frames_a_commit, frames_ - frames_ / 10);
        }
        auto const space = store_.engine().space();
        return {static_cast<double>(written() - bytes_before) / static_cast<double>(dirtied_),
                counters.frames_moved - moved_before, counters.relocations - relocations_before,
                static_cast<double>(space.live_bytes) / static_cast<double>(space.usable_bytes)};
    }

    Price price(std::uint64_t hundredths, std::uint64_t hot) {
        fill(hundredths);
        auto const made = dirty(hot);
        std::printf("fill %.2f, hot %lu %%: %.2f bytes per byte dirtied, %lu frames moved, %lu relocations\n",
                    made.fill, hot, made.written, made.moved, made.relocations);
        EXPECT_EQ(store_.compare(), "");
        EXPECT_EQ(store_.compare_history(), "");
        store_.settle();
        expect_no_findings();
        EXPECT_TRUE(store_.open(101));
        EXPECT_EQ(store_.compare(), "");
        return made;
    }

    // Everything verifies, and each segment holds what its table says.
    void expect_no_findings() {
        EngineMemory memory(cleaning_limits());
        UndoDisk copy(disk_.image());
        checkpoint::OfflineStore reader;
        ASSERT_TRUE(reader.open(copy, memory.memory(), cleaning_limits()));
        QuietListener quiet;
        auto const result = reader.check(quiet);
        ASSERT_TRUE(result);
        EXPECT_EQ(result->findings, 0u);
        EXPECT_TRUE(result->space_balances);
    }

    SimulatedDisk disk_{std::size_t{segments} << segment_shift,
                        {.seed = 5, .order = DiskOptions::Order::as_submitted}};
    ReferenceStore store_{disk_, cleaning_limits()};
    std::mt19937_64 random_{7};
    std::uint64_t frames_ = 0;
    std::uint64_t dirtied_ = 0;
};

TEST_F(Cleaning, a_store_half_full_takes_random_commits_for_ever) {
    auto const made = price(50, 10);
    EXPECT_GT(made.moved, 0u);
    EXPECT_LT(made.written, 2.5);
}

TEST_F(Cleaning, a_store_at_the_line_takes_random_commits_for_ever) {
    auto const made = price(100, 10);
    EXPECT_GT(made.moved, 0u);
    EXPECT_GT(made.relocations, 10u);
    EXPECT_GT(made.fill, 0.6);
    EXPECT_LT(made.written, 4.5);
}

TEST_F(Cleaning, hot_frames_cost_less_than_all_alike) {
    auto const made = price(100, 90);
    EXPECT_LT(made.written, 3.0);
}

// Relocations and folds that last for many commits: small ones wait for them, and go on. (That a relocation
// is ready just when directories are at their bound is not made sure of here.)
TEST_F(Cleaning, a_slow_migrator_holds_small_commits_up_but_never_for_good) {
    fill(100);
    dirty(10);
    auto const relocations = store_.engine().counters().relocations;
    store_.engine().grant_migration(0);
    for (int i = 0; i < 1000 && !HasFatalFailure(); ++i) {
        store_.engine().grant_migration(8192);
        write(0, 8, frames_);
    }
    EXPECT_GT(store_.engine().counters().relocations, relocations);
    EXPECT_EQ(store_.compare(), "");
}

} // namespace
} // namespace tests
