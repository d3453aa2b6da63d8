// SPDX-License-Identifier: Apache-2.0
// The engine at its real sizes: 256 KiB segments, a map of several levels, figures of bytes and flushes.
#include "reference_store.hpp"
#include "simulated_disk.hpp"
#include "sparse_disk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace tests {
namespace {

checkpoint::Limits large_limits() {
    checkpoint::Limits limits;
    limits.segments = 1024;
    limits.fold_above = 48;
    return limits;
}

Model frames_from(std::uint64_t first, std::uint64_t count, std::uint64_t seed) {
    Model model;
    for (auto frame = first; frame < first + count; ++frame)
        model[frame] = {frame % 50 == 0 ? abi::FrameType::process : abi::FrameType::data_page, 0,
                        frame % 100 == 0, seed + frame};
    return model;
}

class Quiet final : public checkpoint::CheckListener {
public:
    void report(store::Corruption const& corruption) override {
        std::printf("finding %s frame %lu at %lu\n",
                    std::string(store::finding_names[static_cast<std::size_t>(corruption.finding)]).c_str(),
                    corruption.frame.number(), corruption.offset);
    }
    void progress(checkpoint::CheckPhase, std::uint64_t, std::uint64_t) override {}
};

TEST(Large, a_map_of_three_levels_survives_random_folds) {
    SimulatedDisk disk(128 << 20, {.seed = 1});
    ReferenceStore store(disk, large_limits());
    ASSERT_TRUE(store.format(18));
    ASSERT_TRUE(store.open(100));
    std::mt19937_64 random(1);
    // 126 entries a leaf, 84 children a node: 15000 frames make three levels. They begin as zero frames.
    for (std::uint64_t first = 2; first < 15002; first += 1000) {
        auto zeros = frames_from(first, 1000, 0);
        for (auto& [frame, facts] : zeros) facts.seed = 0;
        ASSERT_TRUE(store.commit(zeros));
    }
    std::uint64_t folds = 0;
    for (int i = 0; i < 300; ++i) {
        Model changes;
        for (int k = 0; k < 60; ++k)
            changes[2 + random() % 15000] = {random() % 40 == 0 ? abi::FrameType::process
                                                                : abi::FrameType::data_page,
                                             static_cast<std::uint32_t>(random() % 4), false, random()};
        for (auto& [frame, facts] : changes)
            facts.live = facts.type == abi::FrameType::process && frame % 2 == 0;
        auto const done = store.commit(changes);
        ASSERT_TRUE(done) << i << " " << abi::describe(done.error).name;
        if (i % 67 == 66) {
            store.settle();
            folds += store.engine().counters().folds;
            ASSERT_TRUE(store.open(101 + static_cast<std::uint64_t>(i)));
        }
    }
    store.settle();
    ASSERT_EQ(store.compare(), "");
    EXPECT_GT(folds, 2u);
    ASSERT_TRUE(store.open(999));
    std::vector<std::uint64_t> live;
    ASSERT_TRUE(store.engine().for_each_live([&](abi::FrameId frame) { live.push_back(frame.number()); }));
    std::sort(live.begin(), live.end());
    std::vector<std::uint64_t> want;
    for (auto const& [frame, facts] : store.models()[store.acknowledged()])
        if (facts.live) want.push_back(frame);
    EXPECT_EQ(live, want);

    EngineMemory memory(large_limits());
    checkpoint::OfflineStore reader;
    ASSERT_TRUE(reader.open(disk, memory.memory(), large_limits()));
    Quiet quiet;
    auto const result = reader.check(quiet);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->findings, 0u);
    EXPECT_EQ(result->frames, store.models()[store.acknowledged()].size());
    EXPECT_GT(result->map_nodes, 1u + 2u + 84u); // root, two inner nodes, more leaves than one of them holds
    std::printf("%lu frames, %lu map nodes, recovery read %u sectors\n", result->frames, result->map_nodes,
                store.engine().recovery().blocks_read);
}

// P15, P17, P18: bytes to the disk per byte of the snapshot, and flushes.
TEST(Large, bytes_and_flushes_of_a_commit) {
    SimulatedDisk disk(128 << 20, {.seed = 2, .order = DiskOptions::Order::as_submitted});
    auto limits = large_limits();
    limits.fold_above = 60; // the commit alone is measured
    ReferenceStore store(disk, limits);
    ASSERT_TRUE(store.format(18));
    ASSERT_TRUE(store.open(100));
    struct Case {
        std::uint64_t frames;
        double bar;
        std::uint64_t flushes;
    };
    for (auto const& [frames, bar, flushes] :
         {Case{1, 3.0, 1}, Case{64, 1.06, 1}, Case{1024, 1.02, 1}, Case{1500, 1.02, 2}}) {
        store.settle();
        auto const bytes = disk.bytes_written();
        auto const before = disk.flushes();
        // Frame 1 is the first of them.
        ASSERT_TRUE(store.commit(frames_from(2, frames - 1, 7'000'000 + frames)));
        auto const ratio =
            static_cast<double>(disk.bytes_written() - bytes) / (4096.0 * static_cast<double>(frames));
        std::printf("k = %4lu: %.3f bytes a byte, %lu flushes\n", frames, ratio, disk.flushes() - before);
        EXPECT_LE(ratio, bar);
        EXPECT_EQ(disk.flushes() - before, flushes);
    }
    // Zero frames: 32 bytes each; unchanged ones nothing.
    store.settle();
    auto bytes = disk.bytes_written();
    auto zeros = frames_from(10'000, 1000, 0);
    for (auto& [frame, facts] : zeros) facts.seed = 0;
    ASSERT_TRUE(store.commit(zeros));
    auto const a_zero = static_cast<double>(disk.bytes_written() - bytes - 4096) / 1000;
    store.settle();
    bytes = disk.bytes_written();
    ASSERT_TRUE(store.commit(zeros));
    auto const unchanged = static_cast<double>(disk.bytes_written() - bytes - 4096) / 1000;
    std::printf("a zero frame %.1f bytes, an unchanged one %.1f\n", a_zero, unchanged);
    EXPECT_LE(a_zero, 36.0);
    EXPECT_LE(unchanged, 4.0);
    EXPECT_EQ(store.compare(), "");
}

// P16, as far as this test's sizes go: a hot set over many laps, migration included.
TEST(Large, hot_set_over_laps_of_a_small_image) {
    SimulatedDisk disk(64 << 20, {.seed = 3});
    ReferenceStore store(disk, large_limits());
    ASSERT_TRUE(store.format(18));
    ASSERT_TRUE(store.open(100));
    for (std::uint64_t part = 0; part < 6; ++part)
        ASSERT_TRUE(store.commit(frames_from(1000 + part * 1000, 1000, 5)));
    auto const before = disk.bytes_written();
    constexpr std::uint64_t commits = 1000;
    for (std::uint64_t i = 0; i < commits; ++i) {
        auto const done = store.commit(frames_from(2, 63, 8'000'000 + i * 100));
        ASSERT_TRUE(done) << i << " " << abi::describe(done.error).name;
    }
    auto const& counters = store.engine().counters();
    EXPECT_GE(counters.laps, 3u);
    EXPECT_EQ(counters.housekeeping, 0u);
    std::printf("laps %lu, folds %lu, moved %lu, bytes per byte dirtied %.3f, housekeeping %lu\n",
                counters.laps, counters.folds, counters.frames_moved,
                static_cast<double>(disk.bytes_written() - before) / (4096.0 * 64 * commits),
                counters.housekeeping);
    EXPECT_EQ(store.compare(), "");
    std::vector<checkpoint::CheckpointInfo> list(checkpoint::history_at_most);
    EXPECT_GE(store.engine().history(list), 16u);
}

// The same memory opens a store of 256 GiB, and its log goes on after a boot.
TEST(Large, stores_of_many_sizes_open_with_the_same_limits) {
    EXPECT_EQ(checkpoint::segment_shift_for(std::uint64_t{1} << 20), 18u);
    EXPECT_EQ(checkpoint::segment_shift_for(std::uint64_t{4} << 30), 18u);
    checkpoint::Limits limits;
    limits.fold_above = 48;
    for (std::uint64_t const gibibytes : {5U, 256U}) {
        SparseDisk disk(gibibytes << 30);
        ReferenceStore store(disk, limits);
        ASSERT_TRUE(store.format(0));
        for (std::uint64_t boot = 0; boot < 3; ++boot) {
            ASSERT_TRUE(store.open(100 + boot)) << gibibytes;
            EXPECT_LE(store.engine().superblock().segments, 16384u);
            ASSERT_EQ(store.compare(), "");
            for (std::uint64_t i = 0; i < 60; ++i)
                ASSERT_TRUE(store.commit(frames_from(2 + boot * 20, 20, 1000 * boot + 30 * i)));
            store.settle();
        }
        EXPECT_GT(store.engine().counters().folds, 0u);
        EXPECT_EQ(store.compare_history(), "");
    }
}

// Bandwidth: migration rests when its grants are used up, and a commit that waits for it ends the rest.
TEST(Large, migration_keeps_to_its_grants) {
    SimulatedDisk disk(64 << 20, {.seed = 3});
    ReferenceStore store(disk, large_limits());
    ASSERT_TRUE(store.format(18));
    ASSERT_TRUE(store.open(100));
    auto& engine = store.engine();
    // A map of some forty leaves, so that the pass under test has something to read.
    for (std::uint64_t i = 0; i < 60; ++i) ASSERT_TRUE(store.commit(frames_from(2 + i * 80, 80, i)));
    store.settle();
    ASSERT_TRUE(store.commit({}));
    store.settle();
    auto const folds = engine.counters().folds;
    auto const migrated = engine.counters().bytes_migrated;
    ASSERT_GT(folds, 0u);
    engine.grant_migration(0);
    for (std::uint64_t i = 0; i < 42; ++i) ASSERT_TRUE(store.commit(frames_from(2 + i * 120, 4, 1000 + i)));
    store.settle();
    EXPECT_TRUE(engine.resting());
    EXPECT_EQ(engine.counters().folds, folds);
    EXPECT_EQ(engine.counters().bytes_migrated, migrated);
    std::uint64_t granted = 0;
    for (; engine.resting() && granted < (1 << 20); granted += 4096) {
        engine.grant_migration(4096);
        store.settle();
        ASSERT_LE(engine.counters().bytes_migrated - migrated, granted + 4096 + 128 * 1024);
    }
    EXPECT_GT(engine.counters().bytes_migrated, migrated);
    EXPECT_FALSE(engine.resting());
    EXPECT_GT(granted, 8 * 4096u);
    for (std::uint64_t i = 0; i < 300; ++i) ASSERT_TRUE(store.commit(frames_from(2, 200, 1000 * i)));
    EXPECT_GT(engine.counters().folds, folds + 2); // in need
    EXPECT_EQ(store.compare(), "");
}

} // namespace
} // namespace tests
