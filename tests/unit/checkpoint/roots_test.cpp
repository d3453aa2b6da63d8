// SPDX-License-Identifier: Apache-2.0
// Reuse and root slots (R27): what the engine holds for free is what both slots, as they stand on the disk,
// have let go. Each of them may be the one that a restart begins with. What they say is not believed beyond
// the device.
#include "recorded_disk.hpp"
#include "reference_store.hpp"
#include "simulated_disk.hpp"
#include "state.hpp"

#include <checkpoint/offline.hpp>
#include <store/root_slots.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tests {
namespace {

// The older of the two generations that the slots at the front of the disk name.
std::uint64_t older_on_disk(SimulatedDisk& disk) {
    std::uint64_t oldest = ~std::uint64_t{0};
    for (std::uint32_t i = 0; i < abi::disk::root_slot_count; ++i) {
        auto const sector = base::ConstBytes(disk.image()).subspan(i * abi::disk::root_slot_stride, 512);
        auto const state = store::decode_slot(sector, i);
        EXPECT_TRUE(state.valid());
        oldest = std::min(oldest, state.slot.generation);
    }
    return oldest;
}

TEST(Roots, nothing_is_reused_that_the_older_slot_may_need) {
    constexpr std::uint32_t shift = 14, segments = 40;
    SimulatedDisk disk(std::size_t{segments} << shift, {.seed = 11});
    ReferenceStore store(disk, small_limits(segments));
    ASSERT_TRUE(store.format(shift));
    ASSERT_TRUE(store.open(1000));
    std::mt19937_64 random(11);
    std::uint64_t behind = 0; // commits after which the slots named different checkpoints
    for (int i = 0; i < 400; ++i) {
        Model changes;
        for (auto n = 1 + random() % 4; n > 0; --n)
            changes[2 + random() % 20] = {abi::FrameType::data_page, 0, false, random()};
        ASSERT_TRUE(store.commit(changes));
        auto const& state = store.engine().state();
        ASSERT_LE(state.segments.slots(), older_on_disk(disk)) << "after commit " << i;
        behind += state.segments.slots() < state.newest().generation ? 1U : 0U;
    }
    EXPECT_GT(behind, 100u);
    EXPECT_GT(store.engine().counters().laps, 3u);
}

// A root slot that is whole and says another size of the store: the newer of the two counts, and nothing is
// read beyond the device.
TEST(Roots, slots_that_disagree_about_the_size) {
    constexpr std::uint32_t shift = 14, segments = 40;
    constexpr store::Geometry geometry{shift, segments};
    SimulatedDisk disk(std::size_t{segments} << shift, {.seed = 3});
    ReferenceStore written(disk, small_limits(segments));
    ASSERT_TRUE(written.format(shift));
    ASSERT_TRUE(written.open(1000));
    ASSERT_TRUE(written.commit({{2, {abi::FrameType::data_page, 0, false, 1}}}));
    written.settle();
    UndoDisk image(disk.image());
    auto const slot = [&](std::uint32_t i) {
        return store::decode_slot(std::span(image.image()).subspan(geometry.slot_offset(i, 0), 512), i).slot;
    };
    std::uint32_t const newest = slot(0).sequence > slot(1).sequence ? 0 : 1;
    EngineMemory memory(small_limits(segments));
    for (std::uint32_t i = 0; i < 2; ++i) {
        auto changed = slot(i);
        changed.segments = segments * 2;
        std::vector<std::byte> sector(512);
        store::encode_slot(changed, sector);
        image.apply(geometry.slot_offset(i, 0), sector);
        checkpoint::OfflineStore reader;
        auto const opened = reader.open(image, memory.memory(), small_limits(segments));
        EXPECT_EQ(opened.error, i == newest ? abi::Error::truncated : abi::Error::none);
        // The older one's other copy is as it was.
        if (i != newest) {
            EXPECT_EQ(reader.recovery().copies_used, 1u);
        }
        image.undo_to(0);
    }
}

} // namespace
} // namespace tests
