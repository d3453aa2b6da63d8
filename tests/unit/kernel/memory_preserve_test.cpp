// SPDX-License-Identifier: Apache-2.0
// Copy-aside: what is saved, when, and by which lists it is found again.
#include "fixture.hpp"

#include <snapshot/release.hpp>
#include <snapshot/take.hpp>

namespace kernel::testing {

TEST(Preserve, CleanFrameBecomesDirtyOnceAndNonPersistentNever) {
    World world;
    auto const page = world.page();
    EXPECT_EQ(world.header(page).state, FrameState::dirty);
    EXPECT_EQ(world.memory().epoch.dirty.count, 1u);
    world.poke(page, 0, 7);
    EXPECT_EQ(world.memory().epoch.dirty.count, 1u);
    auto const transient = world.transient(abi::FrameType::data_page);
    world.poke(transient, 0, 7);
    EXPECT_EQ(world.header(transient).state, FrameState::transient);
    EXPECT_EQ(world.memory().epoch.dirty.count, 1u);
}

TEST(Preserve, FrozenPageIsSavedWholeBeforeTheFirstWrite) {
    World world;
    auto const page = world.page();
    world.poke(page, 8, 1);
    ASSERT_TRUE(take(world.kernel()));
    EXPECT_TRUE(world.header(page).frozen(world.memory().epoch.current));
    world.poke(page, 8, 2);
    auto const side = world.header(page).side;
    ASSERT_NE(side, no_frame);
    EXPECT_EQ(World::peek(side, 8), 1u);
    EXPECT_EQ(World::peek(page, 8), 2u);
    world.poke(page, 16, 3);
    EXPECT_EQ(world.memory().epoch.copied_objects, 1u);
    EXPECT_EQ(world.memory().epoch.side_frames, 1u);
    world.expect_sound();
}

// The unit of saving is the object: one side frame, a bit an object.
TEST(Preserve, HeapFrameIsSavedObjectByObject) {
    World world;
    auto const frame = world.frame(abi::FrameType::endpoint);
    for (unsigned i = 0; i < 16; ++i) world.object_in(frame, i);
    ASSERT_TRUE(take(world.kernel()));
    auto set = [&](unsigned i, std::uint64_t value) {
        FrameWriter(world.kernel(), frame, i, world.committed).object<abi::Endpoint>().value = value;
    };
    set(3, 33);
    set(9, 99);
    set(3, 34);
    EXPECT_EQ(world.memory().epoch.copied_objects, 2u);
    auto const side = world.header(frame).side;
    EXPECT_EQ(world.header(side).open, (1u << 3) | (1u << 9));
    FrameImage image;
    alignas(64) std::array<std::byte, abi::frame_size> content{};
    auto const more = drain_next(world.kernel(), image, content);
    ASSERT_TRUE(more && *more);
    EXPECT_EQ(image.id, world.header(frame).id);
    for (unsigned i = 0; i < 16; ++i)
        EXPECT_EQ(base::read<abi::Endpoint>(content, i * sizeof(abi::Endpoint)).value, 0u);
    EXPECT_EQ(object_view<abi::Endpoint>(frame, 3).value, 34u);
    EXPECT_EQ(world.header(frame).side, no_frame);
    world.expect_sound();
}

// A frame that is retyped while frozen leaves with its old type, version and content.
TEST(Preserve, RetypingAFrozenFrameKeepsItsImage) {
    World world;
    auto const page = world.page();
    world.poke(page, 0, 0x1234);
    auto const mark = world.header(page).mark;
    ASSERT_TRUE(take(world.kernel()));
    retype_frame(world.kernel(), page, abi::FrameType::schedule, world.committed);
    FrameImage image;
    alignas(64) std::array<std::byte, abi::frame_size> content{};
    auto const more = drain_next(world.kernel(), image, content);
    ASSERT_TRUE(more && *more);
    EXPECT_EQ(image.type, abi::FrameType::data_page);
    EXPECT_EQ(image.mark, mark);
    EXPECT_EQ(base::read<std::uint64_t>(content), 0x1234u);
    EXPECT_EQ(world.header(page).type, abi::FrameType::schedule);
    EXPECT_EQ(world.header(page).mark, mark.next());
    world.expect_sound();
}

} // namespace kernel::testing
