// SPDX-License-Identifier: Apache-2.0
// Memory as a cache: eviction, exhaustion of each pool, amnesia.
#include "fake_store.hpp"

#include <mapping/depend.hpp>

namespace kernel::testing {

namespace {

// Many more persistent pages than frames, reached by number through the store.
class Large {
public:
    explicit Large(World& world) : world_(world), store_(world) {}
    FakeStore& store() { return store_; }

    FrameIndex resident_page(std::uint64_t number) {
        auto const id = abi::FrameId::persistent(number);
        auto const frame = world_.memory().frames.find(id);
        return frame != no_frame ? frame : store_.supply(id);
    }

private:
    World& world_;
    FakeStore store_;
};

} // namespace

TEST(Evict, WorkingSetSeveralTimesTheMemoryRuns) {
    World world(512 + 256);
    Large large(world);
    constexpr std::uint64_t pages = 1500;
    std::vector<std::uint64_t> expected(pages);
    std::mt19937_64 random(seed());
    for (int i = 0; i < 20'000; ++i) {
        if (!admit_writes(world.kernel(), Urgency::normal)) {
            EXPECT_TRUE(world.memory().epoch.end_wanted);
            ASSERT_NO_FATAL_FAILURE(large.store().checkpoint());
            continue;
        }
        auto const at = random() % pages;
        auto const frame = large.resident_page(10'000 + at);
        ASSERT_NE(frame, no_frame);
        if (world.header(frame).type == abi::FrameType::free)
            retype_frame(world.kernel(), frame, abi::FrameType::data_page, world.committed);
        ASSERT_EQ(World::peek(frame, 8), expected[at]);
        if (random() % 4 == 0) world.poke(frame, 8, expected[at] = random());
    }
    world.expect_sound();
}

TEST(Evict, PinnedDirtyAndInFlightFramesStay) {
    World world;
    FakeStore store(world);
    auto const page = world.page();
    EXPECT_FALSE(evict_frame(world.kernel(), page)); // dirty
    ASSERT_NO_FATAL_FAILURE(store.begin());
    EXPECT_FALSE(evict_frame(world.kernel(), page)); // frozen
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
    EXPECT_FALSE(evict_frame(world.kernel(), page)); // drained, not committed
    ASSERT_NO_FATAL_FAILURE(store.commit());
    world.memory().frames.pin(page);
    EXPECT_FALSE(evict_frame(world.kernel(), page));
    world.memory().frames.unpin(page);
    EXPECT_TRUE(evict_frame(world.kernel(), page));
    EXPECT_EQ(world.header(page).state, FrameState::free);
    world.expect_sound();
}

// Amnesia: everything outside frames is a cache.
// A process that is on the processor writes pages of a snapshot one after the other, more than there are free
// frames for the copies: each fault finds room for its own.
TEST(Evict, WritersOfFrozenPagesFindRoomForTheCopies) {
    constexpr std::uint32_t written = 80;
    World world(256 + 340);
    FakeStore store(world);
    auto const top = world.object(abi::FrameType::patt);
    auto const process = world.process(world.to_patt(top));
    world.shape(top, 24, 20);
    world.memory().frames.pin(top.frame);
    world.memory().frames.pin(process.frame);
    std::vector<abi::FrameId> pages;
    for (std::uint32_t i = 0; i < written; ++i) {
        if (i % 16 == 0) {
            auto const node = world.object(abi::FrameType::patt);
            world.shape(node, 20, 12);
            world.set_pair(top, i / 16, std::uint64_t{i / 16} << 20, world.to_patt(node));
            world.memory().frames.pin(node.frame);
        }
        auto const node = prepare(world.kernel(), object_slot(abi::FrameType::patt, top, i / 16));
        ASSERT_TRUE(node);
        auto const page = world.page();
        world.set_pair(*node, i % 16, std::uint64_t{i % 16} << 12, world.to_page(page));
        pages.push_back(world.header(page).id);
    }
    auto& frames = world.memory().frames;
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    // The rest of memory is full of what could be evicted.
    for (std::uint64_t number = 9000; frames.free_count() > 45; ++number)
        ASSERT_TRUE(install_absent(world.kernel(), abi::FrameId::persistent(number), abi::Version()));
    for (auto const& id : pages) {
        auto const at = frames.find(id);
        ASSERT_NE(at, no_frame);
        world.poke(at, 0, 1);
    }
    ASSERT_NO_FATAL_FAILURE(store.begin());
    for (std::uint32_t i = 0; i < written; ++i) {
        auto const address = UserAddress((std::uint64_t{i / 16} << 20) + (std::uint64_t{i % 16} << 12));
        auto const frame = user_access(world, process, address, true);
        ASSERT_NE(frame, no_frame) << i;
        ASSERT_EQ(world.header(frame).id, pages[i]);
    }
    EXPECT_EQ(world.memory().epoch.side_frames, written);
    world.expect_sound();
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
}

TEST(Evict, DropAllLosesNothing) {
    World world;
    FakeStore store(world);
    auto const top = world.object(abi::FrameType::patt);
    world.shape(top, 20, 12);
    auto const page = world.page();
    auto const id = world.header(page).id;
    world.set_pair(top, 3, 0x7000, world.to_page(page));
    auto const process = world.process(world.to_patt(top));
    ASSERT_EQ(user_access(world, process, UserAddress(0x7000), true), page);
    base::write(base::Bytes(arch::frame_bytes(page)), 0, std::uint64_t{0xabc});
    drop_all(world.kernel());
    world.expect_sound();
    EXPECT_EQ(mappings(world.kernel()).tables.used(), 0u);
    EXPECT_EQ(mappings(world.kernel()).depends.used(), 0u);
    EXPECT_EQ(mappings(world.kernel()).nodes.used(), 0u);
    EXPECT_EQ(user_access(world, process, UserAddress(0x7000), false), page);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    world.memory().frames.pin(process.frame);
    drop_all(world.kernel());
    EXPECT_EQ(world.memory().frames.find(id), no_frame);
    // The frames come back as they are asked for.
    MapOutcome outcome;
    FrameIndex found = no_frame;
    for (int i = 0; i < 4 && found == no_frame; ++i) {
        found = user_access(world, process, UserAddress(0x7000), false, &outcome);
        if (found == no_frame) {
            ASSERT_EQ(outcome.error, Error::absent);
            store.supply_absent();
        }
    }
    ASSERT_NE(found, no_frame);
    EXPECT_EQ(World::peek(found, 0), 0xabcu);
}

// A space larger than all page tables, more spaces than fit, mapping and depend pools of
// a few entries: slow, not wrong.
TEST(Evict, TinyPoolsStillTranslate) {
    World world;
    auto& state = mappings(world.kernel());
    std::vector<HardwareTable> tables(12);
    std::vector<MappingNode> nodes(2);
    std::vector<DependEntry> depends(26);
    state.tables.start(tables);
    state.nodes.start(nodes);
    state.depends.start(depends);
    for (auto& entry : depends) entry.node = no_index;

    std::vector<FrameIndex> pages;
    std::vector<ProcessRef> processes;
    for (int i = 0; i < 8; ++i) pages.push_back(world.page());
    for (int i = 0; i < 6; ++i) {
        auto const top = world.object(abi::FrameType::patt);
        world.shape(top, 40, 36);
        for (unsigned slot = 0; slot < 8; ++slot)
            world.set_pair(top, slot, std::uint64_t{slot} << 36, world.to_page(pages[slot]));
        processes.push_back(world.process(world.to_patt(top)));
    }
    std::mt19937_64 random(seed());
    for (int i = 0; i < 3000; ++i) {
        auto const slot = random() % 8;
        auto const& process = processes[random() % processes.size()];
        MapOutcome outcome;
        FrameIndex found = no_frame;
        for (int attempt = 0; attempt < 3 && found == no_frame; ++attempt) {
            found = user_access(world, process, UserAddress(slot << 36), random() % 2 == 0, &outcome);
            // A space that outgrew the tables started again from nothing.
            if (found == no_frame) {
                ASSERT_EQ(outcome.error, Error::no_memory);
            }
        }
        ASSERT_EQ(found, pages[slot]);
        if (i % 100 == 0) world.expect_sound();
    }
    world.expect_sound();
}

} // namespace kernel::testing
