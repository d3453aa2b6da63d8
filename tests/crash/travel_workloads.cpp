// SPDX-License-Identifier: Apache-2.0
// Workloads that change what is retained: pins, rollbacks, thinning by age, unpinned history dropped in need.
#include "workloads.hpp"

#include <gtest/gtest.h>

namespace tests {

namespace {

using checkpoint::Counters;

// One plan's doings: what it makes it also tells `made`, and marks.
class Traveller {
public:
    Traveller(ReferenceStore& store, SimulatedDisk& disk, MadeCheckpoints& made, std::uint64_t seed)
        : store_(store), disk_(disk), made_(made), random_(seed) {}

    void commits(int count, std::uint64_t frames, std::uint64_t most) {
        for (int i = 0; i < count; ++i)
            ASSERT_TRUE(store_.commit(some_changes(random_, frames, random_() % (most + 1))));
    }
    void pin() {
        auto const at = any();
        auto const done = store_.pin(at, "pin " + std::to_string(pins_.size() + 1));
        if (done.error == abi::Error::in_use || gone(done.error)) return;
        ASSERT_TRUE(done) << abi::describe(done.error).name;
        mark();
        made_.pinned(at);
        pins_.emplace_back("pin " + std::to_string(pins_.size() + 1), at);
    }
    void unpin() {
        if (pins_.size() <= released_) return;
        auto const& [name, at] = pins_[released_++];
        made_.unpinning(at);
        ASSERT_TRUE(store_.unpin(name));
        mark();
    }
    void roll_back() {
        auto const done = store_.roll_back(any());
        if (gone(done.error)) return;
        ASSERT_TRUE(done) << abi::describe(done.error).name;
        mark();
    }
    std::mt19937_64& random() { return random_; }

private:
    // History thins out while it is waited for room; what cannot be afforded is refused.
    static bool gone(abi::Error error) {
        return error == abi::Error::no_space || error == abi::Error::no_such_checkpoint;
    }
    checkpoint::Generation any() {
        store_.settle();
        auto const list = store_.history();
        return list[random_() % list.size()].generation;
    }
    void mark() {
        made_.acknowledged(store_.engine().newest());
        disk_.mark(store_.engine().newest().raw());
    }

    ReferenceStore& store_;
    SimulatedDisk& disk_;
    MadeCheckpoints& made_;
    std::mt19937_64 random_;
    std::vector<std::pair<std::string, checkpoint::Generation>> pins_;
    std::size_t released_ = 0;
};

Plan travel(std::uint64_t seed, std::uint32_t segments, std::function<void(Traveller&)> run) {
    auto const made = std::make_shared<MadeCheckpoints>();
    return {.segments = segments,
            .disk = {.seed = seed},
            .before = commits(14, seed + 80, 9, 5),
            .run =
                [=](ReferenceStore& store, SimulatedDisk& disk) {
                    Traveller traveller(store, disk, *made, seed);
                    run(traveller);
                },
            .crash = {.exhaustive_below = 6, .samples = 8, .seed = seed},
            .made = made,
            .retention = {.newest = 3, .tenths = 4, .seconds = 3},
            .counter = &Counters::folds};
}

Plan pins(std::uint64_t seed) {
    return travel(seed, 80, [](Traveller& traveller) {
        for (int i = 0; i < 6; ++i) {
            traveller.pin();
            traveller.commits(2, 9, 5);
            if (i % 2 == 1) traveller.unpin();
        }
    });
}

Plan rollback(std::uint64_t seed) {
    return travel(seed, 80, [](Traveller& traveller) {
        for (int i = 0; i < 5; ++i) {
            traveller.roll_back();
            traveller.commits(3, 9, 5);
        }
    });
}

// Pins and rollbacks among each other.
Plan travels(std::uint64_t seed) {
    return travel(seed, 80, [](Traveller& traveller) {
        for (int i = 0; i < 10; ++i) {
            switch (traveller.random()() % 4) {
            case 0: traveller.roll_back(); break;
            case 1: traveller.unpin(); break;
            case 2: traveller.pin(); break;
            default: break;
            }
            traveller.commits(1, 9, 5);
        }
    });
}

// Many checkpoints grow old: of each tenth of a second one stays, then of each second, then none.
Plan thinning(std::uint64_t seed) {
    auto plan = travel(seed, 80, [](Traveller& traveller) { traveller.commits(60, 9, 3); });
    plan.crash = {.exhaustive_below = 6, .samples = 4, .seed = seed};
    return plan;
}

// So little room that unpinned history goes before a commit waits, and pins stay.
Plan need(std::uint64_t seed) {
    return travel(seed, 44, [](Traveller& traveller) {
        traveller.pin();
        for (int i = 0; i < 5; ++i) {
            traveller.commits(8, 24, 6);
            traveller.pin();
            if (i > 1) traveller.unpin();
        }
    });
}

constexpr Workload table[] = {
    {"pins", 4, pins, 12},       {"rollback", 4, rollback, 12},
    {"travels", 4, travels, 12}, {"thinning", 2, thinning, 8, 16},
    {"need", 3, need, 8},
};

} // namespace

std::span<Workload const> travel_workloads() { return table; }

} // namespace tests
