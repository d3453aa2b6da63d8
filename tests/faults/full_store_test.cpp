// SPDX-License-Identifier: Apache-2.0
// The store full to the line (R29), a hundred times: frames are bought until the store says no, a checkpoint
// is made, what was bought is given back, and again. Commits below the line never fail for want of space, the
// line comes back each time, and nothing is lost.
#include "current_case.hpp"
#include "scenes.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace tests {
namespace {

constexpr std::uint32_t segments = 120;

class Filling {
public:
    explicit Filling(std::uint64_t seed)
        : disk_(std::size_t{segments} << scene_shift, {.seed = seed}),
          store_(disk_, small_limits(segments)),
          random_(seed),
          memory_(small_limits(segments)) {}

    void start() {
        ASSERT_TRUE(store_.format(scene_shift));
        ASSERT_TRUE(store_.open(1000));
    }

    // Unpinned history goes before anything is refused for good: what was given back counts until the
    // checkpoints that see it are gone, so some more are made before a refusal is believed.
    bool at_line() {
        for (int i = 0; store_.engine().space().refuse_allocation; ++i) {
            if (i == patience) return true;
            commit({});
            store_.settle();
            if (testing::Test::HasFatalFailure()) return true;
            if (!store_.engine().space().refuse_allocation) waits_ = std::max(waits_, i + 1);
        }
        return false;
    }

    // Buys frames as a kernel does that asks before each: until allocation is refused.
    void fill() {
        bought_ = 0;
        while (!at_line()) {
            ASSERT_LT(next_, 4000u) << "the line never comes";
            Model changes;
            for (int i = 0; i < 4; ++i, ++bought_)
                changes[next_++] = {abi::FrameType::data_page, 0, false, 1 + random_() % 1'000'000};
            commit(changes);
            if (testing::Test::HasFatalFailure()) return;
        }
    }

    // At the line everything there is may still be written again.
    void rewrite(int commits) {
        for (int i = 0; i < commits; ++i) {
            Model changes;
            for (int k = 0; k < 4; ++k)
                changes[2 + random_() % (next_ - 2)] = {abi::FrameType::data_page, 0, false,
                                                        1 + random_() % 1'000'000};
            commit(changes);
            if (testing::Test::HasFatalFailure()) return;
        }
    }

    // Gives the frames from this one back: they are free, and zero.
    void give_back(std::uint64_t first = kept_) {
        for (auto frame = first; frame < next_;) {
            Model changes;
            for (int i = 0; i < 12 && frame < next_; ++i, ++frame)
                changes[frame] = {abi::FrameType::free, static_cast<std::uint32_t>(random_() % 100), false,
                                  0};
            commit(changes);
            if (testing::Test::HasFatalFailure()) return;
        }
        next_ = std::min(next_, first);
    }

    void check() {
        ASSERT_EQ(store_.compare(), "");
        store_.settle();
        checkpoint::OfflineStore reader;
        QuietListener quiet;
        ASSERT_TRUE(reader.open(disk_, memory_.memory(), small_limits(segments)));
        auto const result = reader.check(quiet);
        ASSERT_TRUE(result);
        ASSERT_EQ(result->findings, 0u);
        ASSERT_TRUE(result->space_balances);
    }

    void reboot(std::uint64_t nonce) {
        store_.settle();
        ASSERT_TRUE(store_.open(nonce));
        ASSERT_EQ(store_.compare(), "");
    }

    // Pins what is in force now. False: it cannot be afforded.
    bool pin(std::string const& name) {
        store_.settle();
        auto const made = store_.pin(store_.history().front().generation, name);
        EXPECT_TRUE(made || made.error == abi::Error::no_space) << abi::describe(made.error).name;
        return static_cast<bool>(made);
    }

    // Every retained checkpoint, the pinned ones among them, has what it had.
    void check_history(std::size_t pins) {
        ASSERT_EQ(store_.compare_history(), "");
        auto const list = store_.history();
        ASSERT_EQ(static_cast<std::size_t>(
                      std::count_if(list.begin(), list.end(), [](auto const& one) { return one.pinned; })),
                  pins);
    }

    std::uint64_t held() const { return next_; }
    std::uint64_t bought() const { return bought_; }
    ReferenceStore& store() { return store_; }
    std::uint64_t commits() const { return commits_; }
    int waits() const { return waits_; }

private:
    void commit(Model const& changes) {
        ++commits_;
        auto const done = store_.commit(changes);
        auto const space = store_.engine().space();
        ASSERT_TRUE(done) << abi::describe(done.error).name << " at frame " << next_ << ": live "
                          << space.live_bytes << " of " << space.limit_bytes << ", free " << space.free_bytes
                          << ", pending " << space.pending_bytes << ", usable " << space.usable_bytes;
    }

    SimulatedDisk disk_;
    ReferenceStore store_;
    std::mt19937_64 random_;
    EngineMemory memory_;
    static constexpr std::uint64_t kept_ = 6;
    std::uint64_t next_ = 2;
    std::uint64_t bought_ = 0;
    std::uint64_t commits_ = 0;
    int waits_ = 0; // the most checkpoints after which allocation went on
    static constexpr int patience = 40;
};

TEST(FullStore, is_filled_and_emptied_a_hundred_times) {
    enter_case("is_filled_and_emptied_a_hundred_times");
    Filling filling(1);
    filling.start();
    std::uint64_t least = ~std::uint64_t{0}, most = 0;
    for (std::uint64_t round = 0; round < 100; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        filling.fill();
        if (HasFatalFailure()) return;
        filling.rewrite(6);
        if (HasFatalFailure()) return;
        if (round % 10 == 9) filling.reboot(2000 + round);
        if (HasFatalFailure()) return;
        filling.check();
        if (HasFatalFailure()) return;
        least = std::min(least, filling.bought());
        most = std::max(most, filling.bought());
        filling.give_back();
        if (HasFatalFailure()) return;
    }
    auto const& counters = filling.store().engine().counters();
    std::printf("100 rounds, %lu to %lu frames bought, %lu commits, laps %lu, at most %d checkpoints until "
                "history had gone\n",
                least, most, filling.commits(), counters.laps, filling.waits());
    // No round finds less room than half of the best: nothing leaks.
    EXPECT_GE(least * 2, most);
    EXPECT_GT(least, 100u);
}

// The same with pins: one is asked for at the line, where a full rewrite of what it keeps would not fit, and
// must be refused; another when there is room. Two are held at most, over several rounds, while the store is
// filled to what line they leave and everything is written again.
TEST(FullStore, pins_are_refused_or_kept_a_hundred_times) {
    enter_case("pins_are_refused_or_kept_a_hundred_times");
    Filling filling(2);
    filling.start();
    std::vector<std::string> pins;
    std::uint64_t made = 0, refused = 0, least = ~std::uint64_t{0}, most = 0;
    for (std::uint64_t round = 0; round < 100; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        filling.fill();
        if (HasFatalFailure()) return;
        filling.rewrite(6);
        if (HasFatalFailure()) return;
        least = std::min(least, filling.held());
        most = std::max(most, filling.held());
        auto const name = "round " + std::to_string(round);
        auto const tight = filling.pin(name + " at the line");
        EXPECT_FALSE(tight && pins.empty()) << "a pin of a full store";
        if (tight) pins.push_back(name + " at the line");
        else ++refused;
        if (round % 7 == 6) filling.reboot(3000 + round);
        if (HasFatalFailure()) return;
        filling.check_history(pins.size());
        if (HasFatalFailure()) return;
        filling.give_back(round % 3 == 0 ? filling.held() / 2 : 30);
        if (HasFatalFailure()) return;
        if (pins.size() < 2 && filling.pin(name)) {
            pins.push_back(name);
            ++made;
        }
        if (pins.size() >= 2 && round % 2 == 1) {
            ASSERT_TRUE(filling.store().unpin(pins.front()));
            pins.erase(pins.begin());
        }
    }
    std::printf("100 rounds: %lu pins made, %lu refused at the line, %lu to %lu frames held, %lu commits\n",
                made, refused, least, most, filling.commits());
    EXPECT_GT(made, 20u);
    EXPECT_GT(refused, 50u);
    while (!pins.empty()) {
        ASSERT_TRUE(filling.store().unpin(pins.back()));
        pins.pop_back();
    }
    // Without pins there is all the room again.
    filling.fill();
    if (HasFatalFailure()) return;
    EXPECT_GT(filling.held(), 150u);
    filling.check();
}

} // namespace
} // namespace tests
