// SPDX-License-Identifier: Apache-2.0
// Requests between being wanted and being complete: best priority first, in order within one.
#include <gtest/gtest.h>
#include <store/io_queue.hpp>

#include <array>

namespace store {
namespace {

alignas(512) std::array<std::byte, 512> buffer{};

Request read_of(std::uint64_t sector) { return {RequestKind::read, 0, sector * sector_size, buffer}; }

TEST(IoQueue, fetches_go_before_commits_and_those_before_the_background) {
    IoQueue queue;
    queue.submit({1, 10}, Priority::background, read_of(1));
    queue.submit({2, 20}, Priority::commit, read_of(2));
    queue.submit({2, 21}, Priority::commit, read_of(3));
    queue.submit({3, 30}, Priority::fetch, read_of(4));
    RequestList list;
    queue.emit(list);
    ASSERT_EQ(list.size(), 4u);
    EXPECT_EQ(queue.waiting(), 0u);
    EXPECT_EQ(queue.in_flight(), 4u);
    std::array<std::uint64_t, 4> const sectors{4, 2, 3, 1};
    std::array<std::uint16_t, 4> const parts{30, 20, 21, 10};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(list[i].offset, sectors[i] * sector_size);
        EXPECT_EQ(queue.complete(list[i].tag).part, parts[i]);
    }
    EXPECT_EQ(queue.in_flight(), 0u);
}

TEST(IoQueue, a_tag_is_in_use_until_its_completion) {
    IoQueue queue;
    for (std::uint16_t i = 0; i < requests_at_most; ++i) queue.submit({0, i}, Priority::commit, read_of(i));
    RequestList list;
    queue.emit(list);
    ASSERT_EQ(list.size(), requests_at_most);
    EXPECT_EQ(queue.complete(list[7].tag).part, 7u);
    queue.submit({0, 99}, Priority::commit, read_of(99));
    RequestList next;
    queue.emit(next);
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(next[0].tag, list[7].tag);
    EXPECT_EQ(queue.complete(next[0].tag).part, 99u);
}

} // namespace
} // namespace store
