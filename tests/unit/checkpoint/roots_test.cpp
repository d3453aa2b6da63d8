// SPDX-License-Identifier: Apache-2.0
// Reuse and root slots (R27): what the engine holds for free is what both slots, as they stand on the disk,
// have let go. Each of them may be the one that a restart begins with.
#include "reference_store.hpp"
#include "simulated_disk.hpp"
#include "state.hpp"

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

} // namespace
} // namespace tests
