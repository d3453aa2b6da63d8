// SPDX-License-Identifier: Apache-2.0
// Pins and rollback against the model: every retained checkpoint keeps the content of its commit, whatever is
// folded, cleaned, dropped or rolled back around it.
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>

namespace tests {
namespace {

using abi::Error;
using checkpoint::Generation;

constexpr std::uint32_t shift = 14;

Model changes_of(std::mt19937_64& random, std::uint64_t frames, std::uint64_t most) {
    Model changes;
    for (auto n = random() % (most + 1); n > 0; --n) {
        ModelFrame facts;
        facts.type = random() % 4 == 0 ? abi::FrameType::process : abi::FrameType::data_page;
        facts.live = facts.type == abi::FrameType::process && random() % 2 == 0;
        facts.mark = static_cast<std::uint32_t>(random() % 3);
        facts.seed = random() % 6 == 0 ? 0 : random() % 3 == 0 ? 1 + random() % 4 : random();
        changes[2 + random() % frames] = facts;
    }
    return changes;
}

// Room for a checkpoint table of any size.
checkpoint::Limits limits_of(std::uint32_t segments) {
    auto limits = small_limits(segments);
    limits.side_chunk = 16384;
    return limits;
}

struct Scene {
    explicit Scene(std::uint32_t segments, std::uint64_t seed = 1)
        : disk(std::size_t{segments} << shift, {.seed = seed}),
          store(disk, limits_of(segments)),
          random(seed) {
        EXPECT_TRUE(store.format(shift));
        EXPECT_TRUE(store.open(1000));
    }
    void commits(int count, std::uint64_t frames = 30, std::uint64_t most = 6) {
        for (int i = 0; i < count; ++i) {
            auto const done = store.commit(changes_of(random, frames, most));
            ASSERT_TRUE(done) << i << " " << abi::describe(done.error).name;
        }
    }
    void reopen() {
        store.settle();
        ASSERT_TRUE(store.open(1001));
    }
    Generation newest() { return store.engine().newest(); }
    bool retained(Generation at) {
        auto const list = store.history();
        return std::any_of(list.begin(), list.end(), [&](auto const& info) { return info.generation == at; });
    }

    SimulatedDisk disk;
    ReferenceStore store;
    std::mt19937_64 random;
};

TEST(TimeTravel, a_pin_stays_and_goes) {
    Scene scene(256);
    auto& store = scene.store;
    scene.commits(5);
    auto const at = scene.newest();
    scene.commits(2);
    ASSERT_TRUE(store.pin(at, "before the change"));
    ASSERT_EQ(store.compare_history(), "");
    scene.commits(3000, 30, 3);
    ASSERT_EQ(store.compare_history(), "");
    scene.reopen();
    auto const list = store.history();
    auto const found =
        std::find_if(list.begin(), list.end(), [&](auto const& info) { return info.generation == at; });
    ASSERT_NE(found, list.end());
    EXPECT_TRUE(found->pinned);
    EXPECT_EQ(found->pin_name(), "before the change");
    EXPECT_EQ(store.unpin("another").error, Error::no_such_checkpoint);
    ASSERT_TRUE(store.unpin("before the change"));
    scene.commits(100);
    ASSERT_EQ(store.compare_history(), "");
    EXPECT_FALSE(scene.retained(at));
}

TEST(TimeTravel, what_cannot_be_pinned_is_refused) {
    Scene scene(256);
    auto& store = scene.store;
    scene.commits(40);
    auto const at = scene.newest();
    EXPECT_EQ(store.pin(at, "").error, Error::bad_argument);
    EXPECT_EQ(store.pin(at, std::string(32, 'x')).error, Error::bad_argument);
    EXPECT_EQ(store.pin(at, "a\nb").error, Error::bad_argument);
    EXPECT_EQ(store.pin(Generation(9, 9), "a").error, Error::no_such_checkpoint);
    ASSERT_TRUE(store.pin(at, "a"));
    EXPECT_EQ(store.pin(at, "b").error, Error::in_use);
    auto const list = store.history();
    EXPECT_EQ(store.pin(list.back().generation, "a").error, Error::in_use);
    std::size_t made = 1;
    for (auto const& info : list)
        if (made < abi::disk::pins_at_most && !info.pinned && info.generation != at)
            made += store.pin(info.generation, "pin " + std::to_string(made)) ? 1U : 0U;
    ASSERT_EQ(made, abi::disk::pins_at_most);
    scene.commits(1);
    EXPECT_EQ(store.pin(scene.newest(), "one more").error, Error::limit_reached);
    scene.commits(300);
    ASSERT_EQ(store.compare_history(), "");
    for (auto const& info : list) ASSERT_TRUE(!info.pinned || scene.retained(info.generation));
}

TEST(TimeTravel, a_rollback_has_the_older_content_and_leaves_what_lies_between) {
    Scene scene(256);
    auto& store = scene.store;
    scene.commits(30);
    auto const old = scene.newest();
    scene.commits(1, 90, 60); // frames that were not there before
    auto const between = scene.newest();
    scene.commits(5);
    ASSERT_TRUE(store.roll_back(old));
    auto const first = scene.newest();
    EXPECT_EQ(store.compare(), "");
    ASSERT_EQ(store.compare_history(), "");
    EXPECT_TRUE(scene.retained(old));
    EXPECT_TRUE(scene.retained(between));
    EXPECT_EQ(store.history().front().restores, old);
    scene.commits(3);
    ASSERT_EQ(store.compare_history(), "");
    ASSERT_TRUE(store.roll_back(between)); // a rollback of a rollback
    ASSERT_EQ(store.compare_history(), "");
    ASSERT_TRUE(store.roll_back(first));
    scene.reopen();
    EXPECT_EQ(store.compare(), "");
    scene.commits(200, 90, 6);
    ASSERT_EQ(store.compare_history(), "");
    EXPECT_EQ(store.roll_back(Generation(9, 9)).error, Error::no_such_checkpoint);
}

TEST(TimeTravel, the_clock_never_goes_back) {
    Scene scene(128);
    scene.commits(10);
    auto const old = scene.newest();
    scene.commits(5);
    auto const clock = scene.store.history().front().record.clock_base_ns;
    ASSERT_TRUE(scene.store.roll_back(old));
    EXPECT_EQ(scene.store.history().front().record.clock_base_ns, clock);
    scene.reopen();
    EXPECT_EQ(scene.store.engine().recovery().clock_base_ns, clock);
}

// R30: by age on the persistent clock; the model's commits are 37 ms apart.
TEST(TimeTravel, history_is_thinned_by_age) {
    Scene scene(1024);
    scene.commits(2500, 20, 2);
    scene.store.settle();
    std::size_t recent = 0;
    std::set<std::uint64_t> tenths, seconds;
    auto const list = scene.store.history();
    auto const now = list.front().record.clock_base_ns;
    for (auto const& info : list) {
        auto const age = now - info.record.clock_base_ns;
        if (age < 16 * 37'000'000ULL) ++recent;
        if (age < 1'900'000'000) tenths.insert(info.record.clock_base_ns / 100'000'000);
        if (age < 59'000'000'000) seconds.insert(info.record.clock_base_ns / 1'000'000'000);
        ASSERT_LT(age, 63'000'000'000u);
    }
    EXPECT_GE(recent, 16u);
    EXPECT_GE(tenths.size(), 18u);
    EXPECT_GE(seconds.size(), 58u);
    ASSERT_EQ(scene.store.compare_history(), "");
}

// R29: history goes before anything fails, pins stay, and a pin that cannot be afforded is refused.
TEST(TimeTravel, unpinned_history_goes_first_and_pins_are_kept) {
    Scene scene(200, 7);
    auto& store = scene.store;
    std::uint64_t pins = 0, refused = 0, unpins = 0, full = 0;
    std::vector<std::pair<std::string, Generation>> held;
    for (int turn = 0; turn < 1500; ++turn) {
        auto const done = store.commit(changes_of(scene.random, 150, 12));
        if (!done) {
            ASSERT_EQ(done.error, Error::no_space) << turn;
            ASSERT_TRUE(store.engine().space().refuse_allocation) << turn;
            ++full;
        }
        if (turn % 10 == 0) {
            auto const name = "pin " + std::to_string(turn);
            auto const at = scene.newest();
            auto const pinned = store.pin(at, name);
            if (pinned) held.emplace_back(name, at);
            ASSERT_TRUE(pinned || pinned.error == Error::no_space || pinned.error == Error::limit_reached)
                << turn;
            ++(pinned ? pins : refused);
        }
        if (!held.empty() && scene.random() % 30 == 0) {
            auto const index = scene.random() % held.size();
            ASSERT_TRUE(store.unpin(held[index].first)) << turn;
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
            ++unpins;
        }
        for (auto const& [name, at] : held) ASSERT_TRUE(scene.retained(at)) << turn << " " << name;
        if (turn % 100 < 99) continue;
        ASSERT_EQ(store.compare_history(), "") << turn;
    }
    std::printf("%lu pins, %lu refused, %lu unpinned, %lu commits refused for space\n", pins, refused, unpins,
                full);
    EXPECT_GT(pins, 10u);
    EXPECT_GT(refused, 10u);
    EXPECT_GT(unpins, 10u);
}

struct Counts {
    std::uint64_t commits = 0, pins = 0, unpins = 0, rollbacks = 0, refused = 0, boots = 0, folds = 0,
                  moved = 0, relocations = 0, views = 0;
};

void random_travel(std::uint64_t seed, Counts& counts) {
    std::mt19937_64 random(seed);
    auto const segments = 96 + static_cast<std::uint32_t>(random() % 160);
    auto limits = small_limits(segments);
    limits.fold_above = 5 + static_cast<std::uint32_t>(random() % 20);
    limits.kept = 1 + static_cast<std::uint32_t>(random() % (limits.fold_above - 2));
    SimulatedDisk disk(std::size_t{segments} << shift,
                       {.seed = seed, .order = static_cast<DiskOptions::Order>(random() % 3)});
    ReferenceStore store(disk, limits);
    ASSERT_TRUE(store.format(shift, {static_cast<std::uint32_t>(random() % 20),
                                     static_cast<std::uint16_t>(random() % 20),
                                     static_cast<std::uint16_t>(random() % 60)}));
    ASSERT_TRUE(store.open(1000));
    auto const frames = 5 + random() % segments;
    std::vector<std::string> names;
    for (std::uint64_t step = 0; step < 250; ++step) {
        SCOPED_TRACE("seed " + std::to_string(seed) + " step " + std::to_string(step));
        auto const list = store.history();
        auto const at = list[random() % list.size()].generation;
        auto const kind = random() % 40;
        base::Result<> done;
        if (kind == 0) {
            names.push_back("p" + std::to_string(step));
            done = store.pin(at, names.back());
            if (!done) names.pop_back();
            ++(done ? counts.pins : counts.refused);
            if (done.error == Error::in_use || done.error == Error::limit_reached) continue;
        } else if (kind == 1 && !names.empty()) {
            auto const index = random() % names.size();
            done = store.unpin(names[index]);
            names.erase(names.begin() + static_cast<std::ptrdiff_t>(index));
            ++counts.unpins;
        } else if (kind == 2) {
            done = store.roll_back(at);
            ++(done ? counts.rollbacks : counts.refused);
            ASSERT_EQ(store.compare(), "");
        } else if (kind == 3) {
            counts.folds += store.engine().counters().folds;
            counts.moved += store.engine().counters().frames_moved;
            counts.relocations += store.engine().counters().relocations;
            store.settle();
            ASSERT_TRUE(store.open(1001 + step));
            ++counts.boots;
            ASSERT_EQ(store.compare(), "");
            ASSERT_EQ(store.compare_history(), "");
        } else {
            done = store.commit(changes_of(random, frames, 8));
            ++counts.commits;
        }
        if (kind == 5) store.settle();
        if (kind == 6) store.engine().note_idle();
        ASSERT_TRUE(done || done.error == Error::no_space || done.error == Error::no_such_checkpoint);
    }
    ASSERT_EQ(store.compare_history(), "");
    counts.views += store.views_compared();
}

TEST(TimeTravel, random_histories_equal_the_model) {
    Counts counts;
    for (std::uint64_t seed = 1; seed <= 80 && !testing::Test::HasFatalFailure(); ++seed)
        random_travel(seed, counts);
    std::printf(
        "%lu commits, %lu pins, %lu unpinned, %lu rollbacks, %lu refused, %lu boots, %lu folds, %lu frames "
        "moved, %lu relocations, %lu views compared\n",
        counts.commits, counts.pins, counts.unpins, counts.rollbacks, counts.refused, counts.boots,
        counts.folds, counts.moved, counts.relocations, counts.views);
    EXPECT_GT(counts.pins, 60u);
    EXPECT_GT(counts.unpins, 60u);
    EXPECT_GT(counts.rollbacks, 60u);
    EXPECT_GT(counts.moved, 60u);
    EXPECT_GT(counts.relocations, 60u);
    EXPECT_GT(counts.views, 6000u);
}

} // namespace
} // namespace tests
