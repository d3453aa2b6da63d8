// SPDX-License-Identifier: Apache-2.0
// The engine against the model: commits, reboots, folds, laps of the log.
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace tests {
namespace {

constexpr std::uint32_t small_segment = 14;

Model random_changes(std::mt19937_64& random, std::uint64_t frames, std::uint64_t most) {
    Model changes;
    for (auto n = random() % (most + 1); n > 0; --n) {
        ModelFrame facts;
        facts.type = random() % 4 == 0 ? abi::FrameType::process : abi::FrameType::data_page;
        facts.live = facts.type == abi::FrameType::process && random() % 2 == 0;
        facts.mark = static_cast<std::uint32_t>(random() % 5);
        facts.seed = random() % 6 == 0 ? 0 : random() % 3 == 0 ? 1 + random() % 4 : random();
        changes[2 + random() % frames] = facts;
    }
    return changes;
}

TEST(Engine, commits_and_comes_back) {
    SimulatedDisk disk(64 << small_segment, {});
    ReferenceStore store(disk, small_limits(64));
    ASSERT_TRUE(store.format(small_segment));
    ASSERT_TRUE(store.open(100));
    EXPECT_EQ(store.engine().recovery().boot, 1u);
    ASSERT_TRUE(store.commit({{2, {abi::FrameType::data_page, 3, false, 77}}}));
    EXPECT_EQ(store.compare(), "");
    ASSERT_TRUE(store.open(101));
    EXPECT_EQ(store.engine().recovery().boot, 2u);
    EXPECT_EQ(store.compare(), "");
    EXPECT_EQ(store.engine().newest().counter(), 2u);
}

// What counters said before a reboot reset them.
struct Seen {
    std::uint64_t folds = 0, laps = 0, moved = 0, refreshes = 0, housekeeping = 0;
    void add(checkpoint::Counters const& counters) {
        folds += counters.folds;
        laps += counters.laps;
        moved += counters.frames_moved;
        refreshes += counters.slot_refreshes;
        housekeeping += counters.housekeeping;
    }
};

TEST(Engine, random_commits_with_reboots_equal_the_model) {
    Seen seen;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SimulatedDisk disk(96 << small_segment, {.seed = seed});
        ReferenceStore store(disk, small_limits(96));
        std::mt19937_64 random(seed);
        ASSERT_TRUE(store.format(small_segment));
        ASSERT_TRUE(store.open(1000));
        for (int i = 0; i < 400; ++i) {
            auto const done = store.commit(random_changes(random, 60, 12));
            ASSERT_TRUE(done) << i << " " << abi::describe(done.error).name;
            if (random() % 40 == 0) {
                store.settle();
                seen.add(store.engine().counters());
                ASSERT_TRUE(store.open(1001 + static_cast<std::uint64_t>(i)));
                ASSERT_EQ(store.compare(), "") << i;
            }
        }
        ASSERT_EQ(store.compare(), "");
        seen.add(store.engine().counters());
    }
    EXPECT_GT(seen.folds, 100u);
    EXPECT_GT(seen.laps, 30u);
    EXPECT_GT(seen.refreshes, 100u);
    RecordProperty("folds", static_cast<int>(seen.folds));
    RecordProperty("laps", static_cast<int>(seen.laps));
    RecordProperty("moved", static_cast<int>(seen.moved));
    std::printf("folds %lu, laps %lu, frames moved %lu, slot refreshes %lu, housekeeping %lu\n", seen.folds,
                seen.laps, seen.moved, seen.refreshes, seen.housekeeping);
}

// The log never fills in a steady state: hot frames over a store nearly full of cold ones, many laps.
TEST(Engine, laps_of_the_log_with_hot_and_cold_frames) {
    SimulatedDisk disk(64 << small_segment, {.seed = 3});
    ReferenceStore store(disk, small_limits(64));
    std::mt19937_64 random(3);
    ASSERT_TRUE(store.format(small_segment));
    ASSERT_TRUE(store.open(1000));
    // 62 segments of 3 frames: 100 frames are more than half of the store.
    for (std::uint64_t frame = 2; frame < 100; frame += 7) {
        Model changes;
        for (auto i = frame; i < frame + 7; ++i) changes[i] = {abi::FrameType::data_page, 0, false, 1000 + i};
        auto const done = store.commit(changes);
        ASSERT_TRUE(done) << frame << " " << abi::describe(done.error).name;
    }
    for (int i = 0; i < 3000; ++i) {
        Model changes;
        for (int k = 0; k < 3; ++k) {
            auto const frame = random() % 10 == 0 ? 2 + random() % 98 : 2 + random() % 8;
            changes[frame] = {abi::FrameType::data_page, 0, false, random()};
        }
        auto const done = store.commit(changes);
        ASSERT_TRUE(done) << i << " " << abi::describe(done.error).name;
    }
    ASSERT_EQ(store.compare(), "");
    auto const& counters = store.engine().counters();
    EXPECT_GT(counters.laps, 20u);
    std::printf("laps %lu, frames moved %lu, folds %lu, housekeeping %lu\n", counters.laps,
                counters.frames_moved, counters.folds, counters.housekeeping);
    store.settle();
    ASSERT_TRUE(store.open(1001));
    ASSERT_EQ(store.compare(), "");
}

// R29: below the line where allocation is refused, a commit never fails for space.
TEST(Engine, uniform_overwrites_at_the_line) {
    SimulatedDisk disk(200 << small_segment, {.seed = 5});
    ReferenceStore store(disk, small_limits(200));
    std::mt19937_64 random(5);
    ASSERT_TRUE(store.format(small_segment));
    ASSERT_TRUE(store.open(1000));
    std::uint64_t frames = 2;
    while (!store.engine().space().refuse_allocation) {
        Model changes;
        for (int i = 0; i < 4; ++i, ++frames)
            changes[frames] = {abi::FrameType::data_page, 0, false, 1000 + frames};
        auto const done = store.commit(changes);
        ASSERT_TRUE(done) << frames << " " << abi::describe(done.error).name;
    }
    EXPECT_GT(frames, 250u);
    auto const before = disk.bytes_written();
    std::uint64_t dirtied = 0;
    for (int i = 0; i < 1500; ++i) {
        Model changes;
        for (int k = 0; k < 8; ++k)
            changes[2 + random() % (frames - 2)] = {abi::FrameType::data_page, 0, false, random()};
        dirtied += changes.size() + 1;
        auto const done = store.commit(changes);
        ASSERT_TRUE(done) << i << " " << abi::describe(done.error).name;
    }
    EXPECT_EQ(store.compare(), "");
    auto const& counters = store.engine().counters();
    std::printf("frames %lu, laps %lu, moved %lu, folds %lu, housekeeping %lu, bytes per byte dirtied %.2f\n",
                frames, counters.laps, counters.frames_moved, counters.folds, counters.housekeeping,
                static_cast<double>(disk.bytes_written() - before) / (4096.0 * static_cast<double>(dirtied)));
}

// The fewest checkpoints that were readable at any time, once there were some.
std::size_t fewest_readable(std::uint32_t retain) {
    SimulatedDisk disk(256 << small_segment, {.seed = 6});
    ReferenceStore store(disk, small_limits(256));
    std::mt19937_64 random(6);
    EXPECT_TRUE(store.format(small_segment, {retain, 0, 0}));
    EXPECT_TRUE(store.open(1000));
    std::size_t fewest = ~std::size_t{0};
    for (int i = 0; i < 120; ++i) {
        EXPECT_TRUE(store.commit(random_changes(random, 30, 4)));
        store.settle();
        std::vector<checkpoint::CheckpointInfo> list(checkpoint::history_at_most);
        list.resize(store.engine().history(list));
        auto const count = std::count_if(list.begin(), list.end(), [](auto const& info) {
            return (info.record.flags & static_cast<std::uint64_t>(abi::disk::RecordFlag::housekeeping)) == 0;
        });
        if (i >= 40) fewest = std::min(fewest, static_cast<std::size_t>(count));
    }
    EXPECT_GT(store.engine().counters().folds, 5u);
    EXPECT_EQ(store.engine().superblock().retain, retain);
    return fewest;
}

// Folds leave the newest checkpoints readable: as many as the store's setting says.
TEST(Engine, retention_follows_the_setting_of_the_store) {
    for (std::uint32_t const retain : {1U, 2U, 3U, 16U, 30U}) EXPECT_GE(fewest_readable(retain), retain);
    EXPECT_GE(fewest_readable(0), small_limits(256).kept); // not said
}

// What the map says of a frame counts as far as its node is in memory, because the frame was fetched.
TEST(Engine, what_the_map_has_already_is_not_written_again) {
    SimulatedDisk disk(256 << small_segment, {.seed = 8});
    auto limits = small_limits(256);
    limits.cached_nodes = 16;
    ReferenceStore store(disk, limits);
    ASSERT_TRUE(store.format(small_segment));
    ASSERT_TRUE(store.open(1000));
    Model first;
    for (std::uint64_t frame = 2; frame < 42; ++frame)
        first[frame] = {abi::FrameType::data_page, 0, false, frame * 17};
    ASSERT_TRUE(store.commit(first));
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(store.commit({{50, {abi::FrameType::data_page, 0, false, 1}}}));
    store.settle();
    ASSERT_EQ(store.compare(), ""); // fetches every frame
    auto const& counters = store.engine().counters();
    ASSERT_GT(counters.folds, 0u);
    auto const written = counters.frames_written;
    auto const bytes = counters.bytes_committed;
    ASSERT_TRUE(store.commit(first));
    EXPECT_EQ(counters.frames_written, written + 1); // frame 1 only
    EXPECT_LT(counters.bytes_committed - bytes, 3 * 4096u);
    EXPECT_GE(counters.frames_unchanged, 40u);
    for (auto& [frame, facts] : first) facts.mark = 5; // a new entry for the old block
    ASSERT_TRUE(store.commit(first));
    EXPECT_EQ(counters.frames_written, written + 2);
    EXPECT_EQ(store.compare(), "");
    for (int i = 0; i < 60; ++i)
        ASSERT_TRUE(
            store.commit({{50, {abi::FrameType::data_page, 0, false, 2 + static_cast<unsigned>(i)}}}));
    ASSERT_EQ(store.compare_history(), "");
    store.settle();
    ASSERT_TRUE(store.open(1001));
    EXPECT_EQ(store.compare(), "");
}

// R29: a few frames written again and again: what older checkpoints in memory had of them the next fold sets
// free.
TEST(Engine, what_a_fold_sets_free_is_not_in_the_way_of_an_allocation) {
    SimulatedDisk disk(96 << small_segment, {.seed = 6});
    auto limits = small_limits(96);
    limits.directories = 64;
    limits.fold_above = 60;
    ReferenceStore store(disk, limits);
    std::mt19937_64 random(6);
    ASSERT_TRUE(store.format(small_segment));
    ASSERT_TRUE(store.open(1000));
    std::uint64_t most = 0;
    for (int i = 0; i < 400; ++i) {
        Model changes;
        for (int k = 0; k < 8; ++k)
            changes[2 + random() % 40] = {abi::FrameType::data_page, 0, false, random()};
        ASSERT_TRUE(store.commit(changes)) << i;
        auto const space = store.engine().space();
        most = std::max(most, space.live_bytes);
        ASSERT_FALSE(space.refuse_allocation) << i;
    }
    auto const space = [&] { return store.engine().space(); };
    EXPECT_GT(most, space().limit_bytes);
    EXPECT_GT(store.engine().counters().folds, 5u);
    // The pin of a checkpoint that is not folded yet may see any of those blocks.
    for (std::uint64_t i = 0; space().live_bytes < space().limit_bytes; ++i)
        ASSERT_TRUE(store.commit({{2 + i % 40, {abi::FrameType::data_page, 0, false, random()}}}));
    auto const folds = store.engine().counters().folds;
    ASSERT_TRUE(store.pin(store.engine().newest(), "young"));
    ASSERT_EQ(store.engine().counters().folds, folds + 1); // the pass that names the pin, and folds nothing
    EXPECT_TRUE(space().refuse_allocation);
}

TEST(Engine, a_full_store_refuses_and_goes_on) {
    SimulatedDisk disk(48 << small_segment, {.seed = 4});
    ReferenceStore store(disk, small_limits(48));
    ASSERT_TRUE(store.format(small_segment));
    ASSERT_TRUE(store.open(1000));
    bool refused = false;
    for (std::uint64_t frame = 2; frame < 400 && !refused; frame += 3) {
        Model changes;
        for (auto i = frame; i < frame + 3; ++i) changes[i] = {abi::FrameType::data_page, 0, false, 1000 + i};
        auto const done = store.commit(changes);
        if (done) continue;
        EXPECT_EQ(done.error, abi::Error::no_space);
        auto const space = store.engine().space();
        EXPECT_TRUE(space.refuse_allocation)
            << "frame " << frame << ": live " << space.live_bytes << " of " << space.limit_bytes << ", free "
            << space.free_bytes << ", pending " << space.pending_bytes << ", usable " << space.usable_bytes;
        EXPECT_GT(frame, 50u);
        refused = true;
    }
    EXPECT_TRUE(refused);
    EXPECT_EQ(store.compare(), "");
    store.settle();
    ASSERT_TRUE(store.open(1001));
    EXPECT_EQ(store.compare(), "");
}

} // namespace
} // namespace tests
