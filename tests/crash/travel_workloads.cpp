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
    // Of each pin, unpin and rollback from now on a request fails, or two; of a kind that the seed says.
    void fail_requests() { failing_ = true; }
    std::uint64_t told_to_have_failed() const { return failures_; }

    void pin() {
        auto const at = any();
        auto const done = attempt([&] { return store_.pin(at, "pin " + std::to_string(pins_.size() + 1)); });
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
        auto const done = attempt([&, name = name] { return store_.unpin(name); });
        if (failing_ && done.error == abi::Error::io) return;
        ASSERT_TRUE(done) << abi::describe(done.error).name;
        mark();
    }
    void roll_back() {
        auto const to = any();
        auto const done = attempt([&] { return store_.roll_back(to); });
        if (gone(done.error)) return;
        ASSERT_TRUE(done) << abi::describe(done.error).name;
        mark();
    }
    std::mt19937_64& random() { return random_; }

private:
    // What fails has not been done as far as anybody was told. It is given up, or asked for once more, of a
    // device that is well. What the power leaves is it or what was before it, never a half.
    template <class Operation>
    base::Result<> attempt(Operation operation) {
        if (!failing_) return operation();
        constexpr std::optional<store::RequestKind> kinds[] = {
            store::RequestKind::read, store::RequestKind::write, store::RequestKind::flush, std::nullopt};
        auto const kind = kinds[random_() % std::size(kinds)];
        disk_.options.fail_kind = kind;
        disk_.options.fail_request = 1 + random_() % (kind == store::RequestKind::flush ? 2 : 6);
        disk_.options.fail_count = 1 + random_() % 2;
        auto const done = operation();
        disk_.options.fail_request = 0;
        if (done.error != abi::Error::io) return done;
        ++failures_;
        if (random_() % 2 == 0) return done;
        store_.settle();
        return operation();
    }

    // History thins out while it is waited for room; what cannot be afforded is refused; and what failed is
    // given up.
    bool gone(abi::Error error) const {
        return error == abi::Error::no_space || error == abi::Error::no_such_checkpoint ||
               (failing_ && error == abi::Error::io);
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
    bool failing_ = false;
    std::uint64_t failures_ = 0;
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

// A device that fails while the store is pinned, unpinned, rolled back.
Plan failing_travel(std::uint64_t seed, std::function<void(Traveller&)> const& run) {
    auto const tally = std::make_shared<std::uint64_t>(0);
    auto plan = travel(seed, 80, [=](Traveller& traveller) {
        traveller.fail_requests();
        run(traveller);
        *tally = traveller.told_to_have_failed();
    });
    plan.faults = true;
    plan.counter = nullptr;
    plan.tally = tally;
    return plan;
}

Plan failed_pins(std::uint64_t seed) {
    return failing_travel(seed, [](Traveller& traveller) {
        for (int i = 0; i < 6; ++i) {
            traveller.pin();
            traveller.commits(1, 9, 5);
            if (i > 1) traveller.unpin();
        }
    });
}

Plan failed_rollbacks(std::uint64_t seed) {
    return failing_travel(seed, [](Traveller& traveller) {
        for (int i = 0; i < 5; ++i) {
            traveller.roll_back();
            traveller.commits(2, 9, 5);
        }
    });
}

constexpr Workload table[] = {
    {"pins", 4, pins, 12},
    {"rollback", 4, rollback, 12},
    {"travels", 4, travels, 12},
    {"thinning", 2, thinning, 8, 9},
    {"need", 3, need, 8, 5},
    {"failed-pins", 4, failed_pins, 8},
    {"failed-rollbacks", 4, failed_rollbacks, 6},
};

} // namespace

std::span<Workload const> travel_workloads() { return table; }

} // namespace tests
