// SPDX-License-Identifier: Apache-2.0
// Collection of object-table entries: whatever is stored, copied, overwritten, destroyed, saved aside or
// evicted, each slot unprepares to the capability that was meant (R4).
#include "fixture.hpp"

#include <snapshot/release.hpp>
#include <snapshot/take.hpp>

namespace kernel::testing {

namespace {

constexpr std::uint32_t table_entries = 96;

// Capability pages with random content beside a plain copy of what should stand in them.
class Collection : public ::testing::Test {
protected:
    Collection() {
        storage_.resize(table_entries);
        objects(world.kernel()).start(storage_);
        for (auto& page : pages) page = world.frame(abi::FrameType::capability_page);
        meant.resize(pages.size() * slots_used);
        for (int i = 0; i < 6; ++i) {
            auto const frame = world.frame(abi::FrameType::endpoint);
            for (unsigned at = 0; at < 16; ++at) targets.push_back(world.object_in(frame, at));
        }
    }

    SlotLocation slot(std::size_t at) const {
        return page_slot(pages[at / slots_used], static_cast<std::uint32_t>(at % slots_used));
    }
    std::size_t pick(std::size_t count) { return random() % count; }

    void step() {
        auto const at = pick(meant.size());
        switch (pick(10)) {
        case 0: { // a new capability
            auto const target = targets[pick(targets.size())];
            meant[at] = world.capability(abi::CapabilityType::endpoint, target);
            world.store(slot(at), meant[at]);
            break;
        }
        case 1: // an old one goes
            meant[at] = {};
            world.store(slot(at), {});
            break;
        case 2: { // its object goes
            auto const target = targets[pick(targets.size())];
            destroy_object(world.kernel(), target, world.committed);
            use_object(world.kernel(), target, world.committed);
            break;
        }
        case 3:
        case 4:
        case 5: { // moved: copied in the form it has, and the source overwritten
            auto const from = pick(meant.size());
            world.store(slot(at), read_slot(slot(from)));
            meant[at] = meant[from];
            if (from != at) {
                world.store(slot(from), {});
                meant[from] = {};
            }
            break;
        }
        default: (void)prepare(world.kernel(), slot(at)); // void ones stay as they are
        }
    }

    void expect_meant() {
        for (std::size_t at = 0; at < meant.size(); ++at)
            ASSERT_EQ(unprepared(world.kernel(), read_slot(slot(at))), meant[at]) << "slot " << at;
    }

    static constexpr std::size_t slots_used = 24;
    World world;
    std::array<FrameIndex, 6> pages{};
    std::vector<abi::Capability> meant;
    std::vector<Target> targets;
    std::vector<ObjectEntry> storage_;
    std::mt19937_64 random{seed()};
};

} // namespace

TEST_F(Collection, EverySlotUnpreparesToWhatWasMeant) {
    auto& table = objects(world.kernel());
    for (int round = 0; round < 3000; ++round) {
        for (int i = 0; i < 100; ++i) {
            step();
            if (pick(4) == 0) collect_step(world.kernel(), static_cast<std::uint32_t>(pick(600)));
        }
        ASSERT_NO_FATAL_FAILURE(expect_meant());
        if (round % 100 == 0) world.expect_sound();
    }
    EXPECT_GT(table.collector.passes, 20u);
    EXPECT_GT(table.collector.freed, 1000u);
}

// Saved copies and frozen frames are roots: what only a snapshot still holds must unprepare, too.
TEST_F(Collection, SideFramesAreRoots) {
    for (int epoch = 0; epoch < 500; ++epoch) {
        for (int i = 0; i < 60; ++i) step();
        auto const frozen = meant;
        ASSERT_TRUE(take(world.kernel()));
        for (int i = 0; i < 200; ++i) {
            step();
            collect_step(world.kernel(), static_cast<std::uint32_t>(pick(2000)));
        }
        FrameImage image;
        alignas(64) std::array<std::byte, abi::frame_size> content{};
        for (;;) {
            auto const more = drain_next(world.kernel(), image, content);
            ASSERT_TRUE(more);
            if (!*more) break;
            for (std::size_t page = 0; page < pages.size(); ++page) {
                if (world.header(pages[page]).id != image.id) continue;
                for (std::size_t i = 0; i < slots_used; ++i)
                    ASSERT_EQ(base::read<abi::Capability>(content, i * sizeof(abi::Capability)),
                              frozen[page * slots_used + i]);
            }
        }
        ASSERT_TRUE(commit_snapshot(world.kernel(), 1));
        ASSERT_NO_FATAL_FAILURE(expect_meant());
    }
    EXPECT_GT(objects(world.kernel()).collector.passes, 10u);
}

// A full table is no error: capabilities are used unprepared.
TEST_F(Collection, AFullTableDoesNotFail) {
    storage_.assign(4, {});
    objects(world.kernel()).start(storage_);
    for (std::size_t i = 0; i < 40; ++i) {
        world.store(slot(i), world.capability(abi::CapabilityType::endpoint, targets[i]));
        auto const found = prepare(world.kernel(), slot(i));
        ASSERT_TRUE(found);
        EXPECT_EQ(*found, targets[i]);
    }
    EXPECT_LE(objects(world.kernel()).used(), 4u);
}

} // namespace kernel::testing
