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

    // Buys frames as a kernel does that asks before each: until allocation is refused.
    void fill() {
        bought_ = 0;
        while (!store_.engine().space().refuse_allocation) {
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

    // Gives all frames but the first few back: they are free, and zero.
    void give_back() {
        for (auto frame = kept_; frame < next_;) {
            Model changes;
            for (int i = 0; i < 12 && frame < next_; ++i, ++frame)
                changes[frame] = {abi::FrameType::free, static_cast<std::uint32_t>(random_() % 100), false,
                                  0};
            commit(changes);
            if (testing::Test::HasFatalFailure()) return;
        }
        next_ = kept_;
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

    std::uint64_t bought() const { return bought_; }
    ReferenceStore& store() { return store_; }
    std::uint64_t commits() const { return commits_; }

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
    std::printf("100 rounds, %lu to %lu frames bought, %lu commits, laps %lu since the last boot\n", least,
                most, filling.commits(), counters.laps);
    // No round finds less room than half of the best: nothing leaks.
    EXPECT_GE(least * 2, most);
    EXPECT_GT(least, 100u);
}

} // namespace
} // namespace tests
