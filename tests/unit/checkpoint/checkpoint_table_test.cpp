// SPDX-License-Identifier: Apache-2.0
// The checkpoint table on the disk: of two copies one that is spoilt anywhere is seen, and the other serves.
#include "recorded_disk.hpp"
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <abi/disk/checkpoint_table.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace tests {
namespace {

using namespace abi::disk;

struct OneSink final : store::CorruptionSink {
    void report(store::Corruption const& corruption) override { ++findings[corruption.part]; }
    std::map<store::Finding, int> findings;
};

TEST(CheckpointTable, a_spoilt_copy_is_seen_and_the_other_serves) {
    constexpr std::uint32_t shift = 14, segments = 64;
    SimulatedDisk disk(std::size_t{segments} << shift, {.seed = 5});
    auto limits = small_limits(segments);
    limits.side_chunk = 16384;
    ReferenceStore store(disk, limits);
    ASSERT_TRUE(store.format(shift));
    ASSERT_TRUE(store.open(1000));
    for (std::uint64_t i = 0; i < 4; ++i)
        ASSERT_TRUE(store.commit({{2 + i, {abi::FrameType::data_page, 0, false, i + 1}}}));
    ASSERT_TRUE(store.pin(store.engine().newest(), "kept"));
    store.settle();
    std::array<checkpoint::CheckpointInfo, 128> history;
    ASSERT_GT(store.engine().history(history), 0u);
    auto const table = history[0].record.checkpoints;
    ASSERT_FALSE(table.none());
    EngineMemory memory(limits);
    auto const bytes = sizeof(CheckpointTableHeader) + sizeof(CheckpointEntry);
    for (std::size_t at = 0; at < bytes; ++at) {
        auto image = disk.image();
        image[table.place[0].offset() + at] ^= std::byte{1};
        UndoDisk spoilt(std::move(image));
        OneSink sink;
        checkpoint::OfflineStore reader;
        ASSERT_TRUE(reader.open(spoilt, memory.memory(), limits, &sink)) << "byte " << at;
        EXPECT_EQ(sink.findings[store::Finding::checkpoint_table], 1) << "byte " << at;
        auto const count = reader.history(history);
        auto const known = std::span(history).first(count);
        EXPECT_EQ(std::count_if(known.begin(), known.end(),
                                [](auto const& info) { return info.pinned && info.pin_name() == "kept"; }),
                  1)
            << "byte " << at;
    }
}

} // namespace
} // namespace tests
