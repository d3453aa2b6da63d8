// SPDX-License-Identifier: Apache-2.0
// The versions of one frame at a fold, by themselves: who stays, what a rollback adds, who learns of a move.
#include "version_group.hpp"

#include <gtest/gtest.h>

namespace tests {
namespace {

using namespace abi::disk;
using checkpoint::VersionGroup;

LeafEntry version(std::uint64_t birth, std::uint64_t sector, std::uint32_t mark = 0) {
    EntryFields fields;
    fields.frame = abi::FrameId::persistent(9);
    fields.type = abi::FrameType::data_page;
    fields.mark = abi::Version(mark);
    fields.sector = sector;
    fields.hash = sector * 3;
    return {make_entry(fields), birth};
}

std::vector<std::uint64_t> births(VersionGroup const& group) {
    std::vector<std::uint64_t> result;
    for (auto const& each : group.versions()) result.push_back(each.birth);
    return result;
}

VersionGroup group_of(std::initializer_list<LeafEntry> versions) {
    VersionGroup group;
    group.clear();
    for (auto const& each : versions) group.add(each);
    return group;
}

TEST(VersionGroup, every_version_of_a_block_learns_where_it_went) {
    auto group = group_of({version(10, 800), version(20, 900), version(30, 800, 1), version(40, 800, 2)});
    auto const* const moved = group.next_block([](Extent place) { return place.first() == 800; });
    ASSERT_NE(moved, nullptr);
    ASSERT_EQ(moved->birth, 10u);
    group.settle_at(1600);
    EXPECT_EQ(group.next_block([](Extent place) { return place.first() == 800; }), nullptr);
    std::vector<std::uint64_t> sectors;
    for (auto const& each : group.versions()) sectors.push_back(each.entry.sector());
    EXPECT_EQ(sectors, (std::vector<std::uint64_t>{1600, 900, 1600, 1600}));
    EXPECT_EQ(group.newest().entry.mark(), abi::Version(2)) << "the mark stands beside the sector";
}

TEST(VersionGroup, a_shared_block_is_told_once) {
    auto const group = group_of({version(10, 800), version(20, 900), version(30, 800, 1)});
    std::vector<std::uint64_t> told;
    group.for_each_block([&](LeafEntry const& each) { told.push_back(each.birth); });
    EXPECT_EQ(told, (std::vector<std::uint64_t>{10, 20}));
}

TEST(VersionGroup, what_a_checkpoint_sees_stays_and_nothing_else) {
    auto const kept = [](std::initializer_list<std::uint64_t> points) {
        auto group = group_of({version(10, 800), version(20, 816), version(30, 832)});
        std::vector<std::uint64_t> const list(points);
        group.keep_seen_by(list);
        return births(group);
    };
    using Births = std::vector<std::uint64_t>;
    EXPECT_EQ(kept({50}), (Births{30}));
    EXPECT_EQ(kept({20, 50}), (Births{20, 30})) << "a checkpoint sees what it wrote itself";
    EXPECT_EQ(kept({19, 50}), (Births{10, 30}));
    EXPECT_EQ(kept({29, 50}), (Births{20, 30}));
    EXPECT_EQ(kept({9, 50}), (Births{30})) << "before the first birth nobody sees anything";
    EXPECT_EQ(kept({10, 25, 50}), (Births{10, 20, 30}));
}

TEST(VersionGroup, a_rollback_is_one_more_version) {
    auto group = group_of({version(10, 800), version(20, 816)});
    group.restore(10, 40);
    ASSERT_EQ(births(group), (std::vector<std::uint64_t>{10, 20, 40}));
    EXPECT_EQ(group.newest().entry, group.versions()[0].entry);
    group.restore(20, 50);
    EXPECT_EQ(group.newest().entry.sector(), 816u);
    group.restore(9, 60);
    EXPECT_TRUE(group.newest().entry.absent()) << "before its first birth the frame was not there";
    EXPECT_EQ(group.seen_at(60), nullptr);
    EXPECT_EQ(group.seen_at(59)->entry.sector(), 816u);
    auto const size = group.size();
    group.restore(9, 70);
    EXPECT_EQ(group.size(), size) << "what is so already needs no version";
}

} // namespace
} // namespace tests
