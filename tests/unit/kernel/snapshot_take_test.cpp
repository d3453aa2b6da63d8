// SPDX-License-Identifier: Apache-2.0
// The stop, the drain and the end of a snapshot, step by step.
#include "fake_store.hpp"

#include <mapping/mapping_list.hpp>

namespace kernel::testing {

namespace {

struct Snapshot : ::testing::Test {
    World world;
    FakeStore store{world};
    EpochState& epoch = world.memory().epoch;

    Target object_in_ram() { return world.object_in(world.transient(abi::FrameType::endpoint), 0); }
};

} // namespace

TEST_F(Snapshot, OneAtATime) {
    auto const page = world.page();
    EXPECT_EQ(commit_snapshot(world.kernel(), 1).error, Error::busy);
    auto const taken = take(world.kernel());
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->epoch, 1u);
    EXPECT_EQ(taken->frames, 1u);
    EXPECT_EQ(take(world.kernel()).error, Error::busy);
    EXPECT_EQ(commit_snapshot(world.kernel(), 1).error, Error::busy);
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
    EXPECT_EQ(take(world.kernel()).error, Error::busy);
    ASSERT_NO_FATAL_FAILURE(store.commit());
    EXPECT_EQ(world.header(page).state, FrameState::stabilising);
    EXPECT_TRUE(take(world.kernel()));
}

// R14: nothing changed, nothing is taken.
TEST_F(Snapshot, IdleIsClean) {
    world.page();
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    auto const taken = take(world.kernel());
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->frames, 0u);
    FrameImage image;
    alignas(64) std::array<std::byte, abi::frame_size> content;
    auto const more = drain_next(world.kernel(), image, content);
    ASSERT_TRUE(more);
    EXPECT_FALSE(*more);
    EXPECT_TRUE(commit_snapshot(world.kernel(), 2));
    EXPECT_EQ(snapshots(world.kernel()).committed_generation, 2u);
}

TEST_F(Snapshot, ImagesHaveUnpreparedCapabilitiesAndTheLiveBit) {
    core(world.kernel()).boot_number = 12;
    auto const process = world.process({});
    auto const schedule = world.object(abi::FrameType::schedule);
    auto const endpoint = object_in_ram();
    auto const to_schedule = world.capability(abi::CapabilityType::schedule, schedule);
    auto const to_endpoint = world.capability(abi::CapabilityType::endpoint, endpoint, abi::Right::send);
    world.set_process_slot(process, abi::ProcessSlot::schedule, to_schedule);
    world.set_process_slot(process, abi::ProcessSlot::keeper, to_endpoint);
    auto const slot = object_slot(abi::FrameType::process, process.target(), 2);
    ASSERT_TRUE(prepare(world.kernel(), slot));
    ASSERT_TRUE(prepare(world.kernel(), object_slot(abi::FrameType::process, process.target(), 3)));
    FrameWriter(world.kernel(), process.frame, 0, world.committed).object<abi::Process>().state =
        abi::RunState::ready;
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_TRUE(read_slot(slot).is_prepared());
    auto const& stored = store.committed().at(world.header(process.frame).id.raw());
    EXPECT_TRUE(stored.image.live);
    auto const& image = base::view<abi::Process>(base::ConstBytes(stored.content));
    EXPECT_EQ(image.slots[2], to_schedule);
    EXPECT_EQ(image.slots[3].object().frame().boot(), 12u); // R2
    FrameWriter(world.kernel(), process.frame, 0, world.committed).object<abi::Process>().state =
        abi::RunState::stopped;
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_FALSE(store.committed().at(world.header(process.frame).id.raw()).image.live);
}

TEST_F(Snapshot, HottestFirst) {
    std::vector<FrameIndex> pages;
    for (int i = 0; i < 8; ++i) pages.push_back(world.page());
    for (int i = 0; i < 4; ++i) {
        ASSERT_NO_FATAL_FAILURE(store.checkpoint());
        world.poke(pages[5], 0, static_cast<std::uint64_t>(i));
    }
    for (auto const page : pages) world.poke(page, 8, 1);
    ASSERT_TRUE(take(world.kernel()));
    FrameImage image;
    alignas(64) std::array<std::byte, abi::frame_size> content;
    ASSERT_TRUE(drain_next(world.kernel(), image, content));
    EXPECT_EQ(image.id, world.header(pages[5]).id);
}

// An abandoned snapshot's frames, drained or not, saved aside or not, are all in the next one.
TEST_F(Snapshot, AbandonMergesIntoTheNext) {
    std::vector<FrameIndex> pages;
    for (int i = 0; i < 6; ++i) pages.push_back(world.page());
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    for (std::size_t i = 0; i < pages.size(); ++i) world.poke(pages[i], 0, i + 1);
    ASSERT_NO_FATAL_FAILURE(store.begin());
    world.poke(pages[5], 0, 66);
    ASSERT_NO_FATAL_FAILURE(store.drain_one());
    ASSERT_NO_FATAL_FAILURE(store.drain_one());
    store.abandon();
    world.expect_sound();
    EXPECT_EQ(epoch.side_frames, 0u);
    EXPECT_EQ(epoch.dirty.count, 6u);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    for (std::size_t i = 0; i < pages.size(); ++i) {
        auto const& stored = store.committed().at(world.header(pages[i]).id.raw());
        EXPECT_EQ(base::read<std::uint64_t>(stored.content), i == 5 ? 66 : i + 1);
    }
}

namespace {

// A process with pages mapped, which user mode writes.
struct Writer : Snapshot {
    static constexpr unsigned count = 16;
    static UserAddress address(unsigned i) { return UserAddress(std::uint64_t{i} << 16); }

    Writer() {
        auto const top = world.object(abi::FrameType::patt);
        world.shape(top, 20, 16);
        process = world.process(world.to_patt(top));
        for (unsigned i = 0; i < count; ++i) {
            pages.push_back(world.page());
            world.set_pair(top, i, std::uint64_t{i} << 16, world.to_page(pages[i]));
            user_access(world, process, address(i), false);
        }
    }
    void write(unsigned i, std::uint64_t word) {
        auto const frame = user_access(world, process, address(i), true);
        ASSERT_EQ(frame, pages[i]);
        base::write(base::Bytes(arch::frame_bytes(frame)), 0, word);
    }
    std::uint64_t stored(unsigned i) {
        return base::read<std::uint64_t>(store.committed().at(world.header(pages[i]).id.raw()).content);
    }

    ProcessRef process;
    std::vector<FrameIndex> pages;
};

} // namespace

// What was thawed and written again is in the next snapshot, before all else; what was not settles.
TEST_F(Writer, ThawedFramesAreTheFrontOfTheNextSnapshot) {
    for (unsigned i = 0; i < 4; ++i) ASSERT_NO_FATAL_FAILURE(write(i, i));
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(epoch.thawed.count, 4u);
    world.expect_sound();
    ASSERT_NO_FATAL_FAILURE(write(9, 9)); // by a fault
    for (unsigned i = 1; i < 4; ++i) ASSERT_NO_FATAL_FAILURE(write(i, 10 + i));
    EXPECT_EQ(epoch.dirty.count, 1u);
    EXPECT_EQ(epoch.thawed.count, 4u);
    auto const settled = epoch.settled.count;
    ASSERT_NO_FATAL_FAILURE(store.begin());
    EXPECT_EQ(epoch.snapshot.count, 4u);
    EXPECT_EQ(epoch.snapshot.tail, pages[9]);
    EXPECT_EQ(epoch.settled.count, settled + 1);
    EXPECT_TRUE(epoch.thawed.empty());
    world.expect_sound();
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
    ASSERT_NO_FATAL_FAILURE(store.commit());
    for (unsigned i = 1; i < 4; ++i) EXPECT_EQ(stored(i), 10u + i);
    EXPECT_EQ(stored(9), 9u);
}

// Frames that an abandoned snapshot had drained, and thawed, are in the next one though nobody wrote them.
TEST_F(Writer, AbandonedThawedFramesAreInTheNextSnapshot) {
    for (unsigned i = 0; i < 4; ++i) ASSERT_NO_FATAL_FAILURE(write(i, i));
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    for (unsigned i = 0; i < 4; ++i) ASSERT_NO_FATAL_FAILURE(write(i, 20 + i));
    ASSERT_NO_FATAL_FAILURE(store.begin());
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
    EXPECT_EQ(epoch.thawed.count, 4u);
    store.abandon();
    EXPECT_TRUE(epoch.thawed.empty());
    EXPECT_EQ(epoch.dirty.count, 4u);
    world.expect_sound();
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(stored(i), 20u + i);
}

// The kernel's own write of a thawed frame is a write like any other.
TEST_F(Writer, ThawedFramesWrittenByTheKernelLeaveTheList) {
    ASSERT_NO_FATAL_FAILURE(write(0, 1));
    ASSERT_NO_FATAL_FAILURE(write(1, 1));
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    world.poke(pages[0], 0, 2);
    EXPECT_EQ(epoch.thawed.count, 1u);
    EXPECT_EQ(epoch.dirty.count, 1u);
    world.expect_sound();
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(stored(0), 2u);
    EXPECT_EQ(stored(1), 1u);
}

// The stop touches neither memory nor what is mapped clean: its work is the grants and four list heads.
TEST_F(Writer, StopVisitsGrantsOnly) {
    for (unsigned i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(write(i, 1));
    auto const& state = mappings(world.kernel());
    EXPECT_EQ(state.grants, 3u);
    EXPECT_EQ(state.armed.count, 1u); // all in one table
    auto const before = state.harvested;
    ASSERT_NO_FATAL_FAILURE(store.begin());
    EXPECT_EQ(state.harvested - before, 3u);
}

} // namespace kernel::testing
