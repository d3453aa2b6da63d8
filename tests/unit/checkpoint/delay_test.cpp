// SPDX-License-Identifier: Apache-2.0
// Migration is in nobody's way: a commit beside a fold waits for no more of it than one segment's write.
#include "reference_store.hpp"
#include "sparse_disk.hpp"

#include <checkpoint/format.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>

namespace tests {
namespace {

constexpr std::uint32_t shift = 18;
constexpr std::uint64_t frames = 30'000;

// A store over a device that does one request after the other.
class Delay : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(
            checkpoint::format(disk_, memory_.memory().io,
                               {.store = {1, 2}, .nonce = {3, 4}, .label = "delay", .segment_shift = shift}));
        ASSERT_TRUE(engine_.open(disk_, memory_.memory(), {.limits = limits_, .nonce = {5, 6}}));
    }

    // `content` is the first byte of each frame; 0: zero frames. False: it had to wait before it could begin.
    bool commit(std::vector<std::uint64_t> const& changed, std::uint8_t content) {
        auto at_once = true;
        auto const until_taken = [&](auto call) {
            for (auto done = call(); !done; done = call()) {
                EXPECT_EQ(done.error, abi::Error::busy);
                at_once = false;
                turn(engine_, disk_, true);
            }
        };
        std::vector<std::byte> page(content == 0 ? 0 : abi::frame_size, std::byte{content});
        until_taken([&] { return engine_.begin_commit(static_cast<std::uint32_t>(changed.size())); });
        auto const began_at_once = at_once;
        for (auto const frame : changed)
            until_taken([&] {
                return engine_.add({abi::FrameId::persistent(frame), abi::FrameType::data_page,
                                    abi::Version(1), false, page});
            });
        EXPECT_TRUE(engine_.finish_commit({.processes = 0}));
        while (engine_.commit_state() == checkpoint::CommitState::writing) turn(engine_, disk_, true);
        EXPECT_TRUE(engine_.take_commit());
        return began_at_once;
    }

    // Bytes that the device has written and no commit has: of migration, and of root slots.
    std::uint64_t others() const { return disk_.written() - engine_.counters().bytes_committed; }

    checkpoint::Limits limits_;
    EngineMemory memory_{limits_};
    SparseDisk disk_{std::uint64_t{1} << 30, 1};
    checkpoint::Engine engine_;
};

// Below the bounds on entries and directories, and with space for it.
TEST_F(Delay, a_commit_beside_a_fold_waits_for_no_more_than_a_segment) {
    for (std::uint64_t first = 0; first < frames; first += 500) {
        std::vector<std::uint64_t> changed;
        for (std::uint64_t i = 0; i < 500; ++i) changed.push_back(2 + first + i);
        commit(changed, 0);
    }
    std::mt19937_64 random(3);
    std::uint64_t beside = 0, most = 0, late = 0;
    for (int i = 0; i < 1500; ++i) {
        std::vector<std::uint64_t> changed;
        for (int k = 0; k < 8; ++k) changed.push_back(2 + random() % frames);
        std::sort(changed.begin(), changed.end());
        changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
        auto const migrating = engine_.migrating();
        auto const before = others();
        late += !commit(changed, static_cast<std::uint8_t>(1 + random() % 255));
        if (!migrating) continue;
        ++beside;
        most = std::max(most, others() - before);
    }
    std::printf("%lu commits beside %lu folds, %lu late, at most %lu bytes of them before one\n", beside,
                engine_.counters().folds, late, most);
    EXPECT_GT(beside, 300u);
    EXPECT_GT(engine_.counters().folds, 5u);
    EXPECT_EQ(late, 0u);
    constexpr std::uint64_t root_slot = 2 * store::sector_size; // both copies
    EXPECT_LE(most, (std::uint64_t{1} << shift) + root_slot);
}

} // namespace
} // namespace tests
