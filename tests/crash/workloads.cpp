// SPDX-License-Identifier: Apache-2.0
// Workloads on a device that does what it says.
#include "workloads.hpp"

#include <gtest/gtest.h>

namespace tests {

Model some_changes(std::mt19937_64& random, std::uint64_t frames, std::uint64_t count) {
    Model changes;
    for (std::uint64_t i = 0; i < count; ++i)
        changes[2 + random() % frames] = {random() % 3 == 0 ? abi::FrameType::process
                                                            : abi::FrameType::data_page,
                                          static_cast<std::uint32_t>(random() % 3), false, random() % 5};
    return changes;
}

std::function<void(ReferenceStore&, SimulatedDisk&)> commits(int count, std::uint64_t seed,
                                                             std::uint64_t frames, std::uint64_t most) {
    return [=](ReferenceStore& store, SimulatedDisk&) {
        std::mt19937_64 random(seed);
        for (int i = 0; i < count; ++i)
            ASSERT_TRUE(store.commit(some_changes(random, frames, random() % (most + 1))));
    };
}

ModelFrame page(std::uint64_t seed) { return {abi::FrameType::data_page, 0, false, seed}; }

namespace {

using checkpoint::Counters;
using Body = std::function<void(ReferenceStore&, SimulatedDisk&)>;

Plan plain(std::uint64_t seed) {
    return {.disk = {.seed = seed},
            .run = commits(12, seed, 9, 8),
            .crash = {.exhaustive_below = 10, .samples = 60, .seed = seed},
            .counter = &Counters::commits};
}

// Without a cache a write is durable when it completes, and what is pending is only what is in flight.
Plan without_cache(std::uint64_t seed) {
    return {.disk = {.seed = seed, .volatile_cache = false},
            .before = commits(3, seed + 40, 9, 4),
            .run = commits(16, seed, 9, 6),
            .crash = {.exhaustive_below = 9, .samples = 12, .seed = seed},
            .counter = &Counters::commits};
}

// Frames that leave for the disk long before the commit is finished: the migrator's page-outs.
Plan page_outs(std::uint64_t seed) {
    Body const run = [=](ReferenceStore& store, SimulatedDisk& disk) {
        std::mt19937_64 random(seed);
        store.on_added = [&](std::uint64_t) {
            for (auto turns = random() % 12; turns > 0; --turns)
                checkpoint::turn(store.engine(), disk, turns % 2 == 0);
        };
        commits(6, seed, 20, 16)(store, disk);
        store.on_added = nullptr;
    };
    return {.disk = {.seed = seed},
            .before = commits(3, seed + 10, 20, 9),
            .run = run,
            .crash = {.exhaustive_below = 8, .samples = 24, .seed = seed},
            .counter = &Counters::commits};
}

Plan folding(std::uint64_t seed) {
    return {.disk = {.seed = seed},
            .before = commits(6, seed, 9, 5),
            .run = commits(24, seed + 100, 9, 5),
            .crash = {.exhaustive_below = 8, .samples = 30, .seed = seed},
            .counter = &Counters::folds};
}

// The same, where each fold has ended before the next commit: empty commits name the maps.
Plan housekeeping(std::uint64_t seed) {
    Body const run = [=](ReferenceStore& store, SimulatedDisk&) {
        std::mt19937_64 random(seed);
        for (int i = 0; i < 16; ++i) {
            ASSERT_TRUE(store.commit(some_changes(random, 9, random() % 5)));
            store.settle();
        }
    };
    return {.disk = {.seed = seed},
            .before = commits(6, seed, 9, 5),
            .run = run,
            .crash = {.exhaustive_below = 9, .samples = 30, .seed = seed},
            .counter = &Counters::folds};
}

// The log goes round; segments are used again (R27).
Plan laps(std::uint64_t seed) {
    return {.segments = 30,
            .disk = {.seed = seed},
            .before = commits(60, seed + 20, 12, 5),
            .run = commits(60, seed + 22, 12, 5),
            .crash = {.exhaustive_below = 7, .samples = 6, .seed = seed},
            .counter = &Counters::laps};
}

void fill(ReferenceStore& store, std::uint64_t seed) {
    for (std::uint64_t frame = 2; frame < 38; frame += 4) {
        Model changes;
        for (auto i = frame; i < frame + 4; ++i) changes[i] = page(100 + i + seed * 1000);
        ASSERT_TRUE(store.commit(changes));
    }
}

// Segments with little that is live are emptied.
Plan cleaning(std::uint64_t seed) {
    Body const before = [=](ReferenceStore& store, SimulatedDisk& disk) {
        fill(store, seed);
        commits(40, seed, 12, 2)(store, disk);
    };
    return {.segments = 36,
            .disk = {.seed = seed},
            .before = before,
            .run = commits(24, seed + 4, 36, 3),
            .crash = {.exhaustive_below = 7, .samples = 8, .seed = seed},
            .counter = &Counters::frames_moved};
}

// ... without a fold, again and again: blocks stand elsewhere than the map says, and are moved once more.
Plan relocating(std::uint64_t seed) {
    auto plan = cleaning(seed);
    plan.segments = 40;
    plan.run = commits(44, seed + 4, 36, 3);
    plan.counter = &Counters::relocations;
    return plan;
}

// Fills the store until it refuses, lets frames go, goes on. What no_space refuses is given back.
Plan full(std::uint64_t seed) {
    Body const run = [=](ReferenceStore& store, SimulatedDisk&) {
        std::mt19937_64 random(seed);
        std::uint64_t next = 2;
        for (int i = 0; i < 36; ++i) {
            auto const refuse = store.engine().space().refuse_allocation;
            Model changes;
            for (int n = 0; n < 5; ++n) {
                auto const frame = refuse ? 2 + random() % (next - 1) : next++;
                changes[frame] =
                    refuse ? ModelFrame{abi::FrameType::free, 1, false, 0} : page(random() % 1000 + 1);
            }
            ASSERT_TRUE(store.commit(changes));
        }
        ASSERT_GT(next, 42u);
    };
    return {.segments = 60,
            .disk = {.seed = seed},
            .before = commits(20, seed, 40, 5),
            .run = run,
            .crash = {.exhaustive_below = 7, .samples = 8, .seed = seed},
            .counter = &Counters::laps};
}

Plan two_flushes(std::uint64_t seed) {
    Body const run = [=](ReferenceStore& store, SimulatedDisk&) {
        Model changes;
        for (std::uint64_t frame = 2; frame < 1060; ++frame) changes[frame] = page(frame + seed * 2000);
        ASSERT_TRUE(store.commit(changes));
        ASSERT_TRUE(store.commit({{2, page(seed)}}));
    };
    return {.segments = 900,
            .entries = 4096,
            .disk = {.seed = seed},
            .before = commits(2, seed + 40, 9, 4),
            .run = run,
            .crash = {.exhaustive_below = 5, .samples = 1, .seed = seed, .every = 4001},
            .reopen_every = 700,
            .nest_every = 0,
            .counter = &Counters::flushes};
}

Plan idle_notes(std::uint64_t seed) {
    Body const run = [=](ReferenceStore& store, SimulatedDisk&) {
        std::mt19937_64 random(seed);
        for (std::uint64_t i = 0; i < 12; ++i) {
            ASSERT_TRUE(store.commit(some_changes(random, 9, random() % 4)));
            if (random() % 4 != 0) store.settle();
            store.engine().note_idle();
            if (random() % 4 != 0) store.settle();
        }
    };
    return {.disk = {.seed = seed},
            .before = commits(3, seed + 50, 9, 4),
            .run = run,
            .crash = {.exhaustive_below = 10, .samples = 40, .seed = seed},
            .counter = &Counters::slot_refreshes};
}

Plan reboots(std::uint64_t seed) {
    Body const run = [=](ReferenceStore& store, SimulatedDisk&) {
        std::mt19937_64 random(seed);
        for (std::uint64_t boot = 0; boot < 6; ++boot) {
            store.settle();
            ASSERT_TRUE(store.open(2000 + boot));
            ASSERT_EQ(store.compare(), "");
            for (auto n = random() % 4; n > 0; --n)
                ASSERT_TRUE(store.commit(some_changes(random, 9, random() % 5)));
        }
    };
    return {.disk = {.seed = seed},
            .before = commits(2, seed + 6, 9, 5),
            .run = run,
            .crash = {.exhaustive_below = 10, .samples = 40, .seed = seed},
            .reopen_every = 300,
            .nest_every = 1500};
}

constexpr Workload table[] = {
    {"plain", 10, plain, 120, 5},
    {"without-cache", 6, without_cache, 90},
    {"page-outs", 5, page_outs, 30},
    {"folding", 6, folding, 16, 5},
    {"housekeeping", 8, housekeeping, 8, 6},
    {"laps", 4, laps, 10, 4},
    {"cleaning", 4, cleaning, 30},
    {"relocating", 4, relocating, 30},
    {"full", 3, full, 2, 5},
    {"two-flushes", 1, two_flushes, 3, 60},
    {"idle-notes", 8, idle_notes, 40},
    {"reboots", 6, reboots},
};

} // namespace

std::span<Workload const> workloads() { return table; }

std::vector<Workload> all_workloads() {
    std::vector<Workload> all;
    for (auto const part : {workloads(), fault_workloads(), travel_workloads(), tool_workloads()})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace tests
