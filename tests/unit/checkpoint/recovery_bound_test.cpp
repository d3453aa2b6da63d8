// SPDX-License-Identifier: Apache-2.0
// R28: what a restart has to read depends on the bounds, not on how long the machine ran: at most 64 records
// forward from a root slot, at most 64 directories that no fold has taken in.
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tests {
namespace {

constexpr std::uint32_t small_segment = 14;
constexpr std::uint32_t most_walked = 64;
constexpr std::uint32_t most_directories = 64;

// Small commits into a store with so much room that nothing but their number calls for a root slot or a fold.
TEST(RecoveryBound, holds_after_any_number_of_commits) {
    std::uint32_t walked = 0, directories = 0;
    SimulatedDisk disk(2048 << small_segment, {.seed = 3});
    auto limits = small_limits(2048);
    limits.directories = 64;
    limits.fold_above = 48;
    ReferenceStore store(disk, limits);
    ASSERT_TRUE(store.format(small_segment));
    ASSERT_TRUE(store.open(100));
    std::mt19937_64 random(28);
    std::uint64_t nonce = 100;
    for (int commits : {1, 31, 32, 33, 63, 64, 65, 66, 100, 150, 200}) {
        for (int i = 0; i < commits; ++i)
            ASSERT_TRUE(
                store.commit({{2 + random() % 40, {abi::FrameType::data_page, 1, false, random() | 1}}}));
        store.settle();
        ASSERT_TRUE(store.open(++nonce));
        ASSERT_EQ(store.compare(), "") << commits;
        auto const& report = store.engine().recovery();
        EXPECT_LE(report.records_walked, most_walked) << "after " << commits << " commits";
        EXPECT_LE(report.directories, most_directories) << "after " << commits << " commits";
        walked = std::max(walked, report.records_walked);
        directories = std::max(directories, report.directories);
    }
    // Who has less memory than the store asks for is told so: it is no damage.
    limits.directories = directories / 2;
    limits.fold_above = 4;
    ASSERT_GT(store.engine().recovery().directories, limits.directories + 3);
    EngineMemory memory(limits);
    checkpoint::OfflineStore reader;
    EXPECT_EQ(reader.open(disk, memory.memory(), limits).error, abi::Error::no_memory);
    // The bounds were met, not avoided by a root slot for every commit.
    EXPECT_GT(walked, 20u);
    EXPECT_GT(directories, 20u);
}

} // namespace
} // namespace tests
