// SPDX-License-Identifier: Apache-2.0
// Segments: counts, and R27: when one may be written again.
#include <gtest/gtest.h>
#include <store/segments.hpp>

#include <array>

namespace store {
namespace {

constexpr std::uint32_t count = 16;

struct Fixture {
    Fixture() { segments.init(table, {14, count}); }
    Extent at(std::uint32_t segment, std::uint32_t sectors = 8) const {
        return Extent::make(segments.geometry().first_sector(segment), sectors);
    }
    std::array<Segment, count> table{};
    Segments segments;
};

TEST(Segments, the_first_and_the_last_are_never_opened) {
    Fixture f;
    f.segments.settle(5);
    EXPECT_EQ(f.segments.pending(), count - 2);
    f.segments.promote(5);
    EXPECT_EQ(f.segments.free(), count - 2);
    for (std::uint32_t i = 0; i < count - 2; ++i) {
        auto const opened = f.segments.open();
        ASSERT_TRUE(opened);
        EXPECT_GE(*opened, 1u);
        EXPECT_LE(*opened, count - 2);
    }
    EXPECT_EQ(f.segments.open().error, Error::no_space);
}

TEST(Segments, what_is_referred_to_is_not_pending) {
    Fixture f;
    f.segments.set_map(3, 8);
    f.segments.add_log(f.at(4));
    f.segments.settle(5);
    EXPECT_EQ(f.segments[3].state, SegmentState::used);
    EXPECT_EQ(f.segments[4].state, SegmentState::used);
    EXPECT_EQ(f.segments.pending(), count - 4);
    EXPECT_EQ(f.segments.live_sectors(), 16u);
}

// Both root slots must name the checkpoint that let it go, or a later one.
TEST(Segments, reuse_waits_for_the_root_slots) {
    Fixture f;
    f.segments.set_map(3, 8);
    f.segments.settle(5);
    f.segments.promote(5);
    f.segments.fold_drops(f.at(3));
    f.segments.switch_map(9);
    EXPECT_EQ(f.segments[3].state, SegmentState::pending);
    EXPECT_EQ(f.segments.oldest_pending(), 9u);
    f.segments.promote(8);
    EXPECT_EQ(f.segments[3].state, SegmentState::pending);
    f.segments.promote(9);
    EXPECT_EQ(f.segments[3].state, SegmentState::free);
    EXPECT_EQ(f.segments.oldest_pending(), 0u);
}

// A table on the disk may have said that nothing is live there.
TEST(Segments, what_is_found_referred_to_is_not_free_any_more) {
    Fixture f;
    f.segments.settle(5);
    f.segments.add_log(f.at(3));
    EXPECT_EQ(f.segments[3].state, SegmentState::used);
    EXPECT_EQ(f.segments.pending(), count - 3);
    f.segments.promote(5);
    f.segments.fold_adds(f.at(4));
    f.segments.switch_map(9);
    EXPECT_EQ(f.segments[4].state, SegmentState::used);
    EXPECT_EQ(f.segments.free(), count - 4);
    f.segments.drop_log(f.at(3));
    f.segments.release_dead(10);
    EXPECT_EQ(f.segments.oldest_pending(), 10u);
}

TEST(Segments, counts_that_no_segment_can_have_are_seen) {
    Fixture f;
    f.segments.set_map(3, 8);
    f.segments.settle(5);
    f.segments.fold_drops(f.at(3));
    EXPECT_TRUE(f.segments.fold_fits());
    f.segments.fold_drops(f.at(3));
    EXPECT_FALSE(f.segments.fold_fits());
}

TEST(Segments, a_discarded_fold_changes_nothing) {
    Fixture f;
    f.segments.set_map(3, 8);
    f.segments.settle(5);
    f.segments.fold_drops(f.at(3));
    f.segments.mark_victim(3);
    EXPECT_TRUE(f.segments.is_victim(f.at(3)));
    f.segments.forget_fold();
    EXPECT_FALSE(f.segments.is_victim(f.at(3)));
    f.segments.switch_map(9);
    EXPECT_EQ(f.segments[3].map, 8u);
    EXPECT_EQ(f.segments[3].state, SegmentState::used);
}

// What an abandoned commit wrote: nothing refers to it but a record that was never acknowledged.
TEST(Segments, what_an_abandoned_commit_left_waits_for_a_later_checkpoint) {
    Fixture f;
    f.segments.settle(5);
    f.segments.promote(5);
    auto const opened = f.segments.open();
    ASSERT_TRUE(opened);
    f.segments.close(*opened);
    f.segments.release_dead(7);
    EXPECT_EQ(f.segments[*opened].state, SegmentState::pending);
    f.segments.promote(6);
    EXPECT_EQ(f.segments[*opened].state, SegmentState::pending);
    f.segments.promote(8);
    EXPECT_EQ(f.segments[*opened].state, SegmentState::free);
}

} // namespace
} // namespace store
