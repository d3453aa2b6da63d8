// SPDX-License-Identifier: Apache-2.0
// Frame cache: names, free list, transitions.
#include "fixture.hpp"

namespace kernel::testing {

TEST(FrameCache, FindsWhatItNamesAndForgets) {
    World world;
    auto& frames = world.memory().frames;
    std::vector<std::pair<abi::FrameId, FrameIndex>> named;
    for (std::uint64_t number = 1; number <= 500; ++number) {
        auto const id = abi::FrameId::persistent(number * 4096);
        auto const index = frames.take(FrameState::clean);
        ASSERT_NE(index, no_frame);
        frames.name(index, {id, abi::FrameType::free, abi::Version()});
        named.emplace_back(id, index);
    }
    for (auto const& [id, index] : named) EXPECT_EQ(frames.find(id), index);
    for (std::size_t i = 0; i < named.size(); i += 2) {
        frames.forget(named[i].second);
        frames.give_back(named[i].second);
    }
    for (std::size_t i = 0; i < named.size(); ++i)
        EXPECT_EQ(frames.find(named[i].first), i % 2 == 0 ? no_frame : named[i].second);
}

TEST(FrameCache, FreeListIsAllOfMemoryAndNothingTwice) {
    World world;
    auto& frames = world.memory().frames;
    auto const count = frames.free_count();
    EXPECT_EQ(count, frames.usable_count());
    std::vector<bool> seen(frames.size());
    for (std::uint32_t i = 0; i < count; ++i) {
        auto const index = frames.take(FrameState::side);
        ASSERT_NE(index, no_frame);
        EXPECT_FALSE(seen[index]);
        seen[index] = true;
    }
    EXPECT_EQ(frames.take(FrameState::side), no_frame);
}

TEST(FrameCache, OnlyTheNamedTransitionsExist) {
    using enum FrameState;
    EXPECT_TRUE(may_become(clean, dirty));
    EXPECT_TRUE(may_become(dirty, stabilising));
    EXPECT_FALSE(may_become(dirty, free));
    EXPECT_FALSE(may_become(dirty, clean));
    EXPECT_FALSE(may_become(transient, dirty));
    EXPECT_FALSE(may_become(reserved, clean));
    PageFrame frame;
    EXPECT_DEATH(frame.become(dirty), "may_become");
}

// R38, and versions of non-persistent frames: an identifier is never used twice in a boot.
TEST(FrameCache, TransientIdentifiersAreNeverUsedAgain) {
    World world;
    auto const first = world.transient(abi::FrameType::data_page);
    auto const id = world.header(first).id;
    EXPECT_FALSE(id.is_persistent());
    free_transient(world.kernel(), first);
    for (int i = 0; i < 10; ++i) {
        auto const next = world.transient(abi::FrameType::data_page);
        EXPECT_NE(world.header(next).id, id);
        free_transient(world.kernel(), next);
    }
}

} // namespace kernel::testing
