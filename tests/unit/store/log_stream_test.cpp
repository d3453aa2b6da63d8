// SPDX-License-Identifier: Apache-2.0
// A stream of the log by itself: which requests its runs become.
#include <gtest/gtest.h>
#include <store/log_stream.hpp>

#include <algorithm>
#include <vector>

namespace store {
namespace {

constexpr Geometry geometry{14, 16}; // 32 sectors a segment
constexpr std::uint32_t in_segment = 32;
constexpr std::size_t chunk = 32 * 1024;

struct Streams {
    Streams() {
        segments.init(table, geometry);
        segments.settle(1);
        segments.promote(1);
        for (std::size_t i = 0; i < 2; ++i)
            streams[i].init({&io, &segments, static_cast<std::uint8_t>(i), Priority::commit,
                             base::Bytes(memory).subspan(i * 2 * chunk, 2 * chunk), chunk});
    }
    // A run of `sectors`, all bytes `value`; its first sector.
    std::uint64_t append(std::uint32_t sectors, int value = 1, std::size_t stream = 0) {
        std::vector<std::byte> const bytes(sectors * sector_size, static_cast<std::byte>(value));
        auto const place = streams[stream].append(bytes);
        EXPECT_FALSE(place.failed());
        return place->first();
    }
    std::vector<Request> sent(std::size_t stream = 0) {
        streams[stream].seal();
        RequestList list;
        io.emit(list);
        return {list.begin(), list.end()};
    }
    IoQueue io;
    Segments segments;
    std::array<Segment, geometry.segments> table{};
    std::vector<std::byte> memory = std::vector<std::byte>(4 * chunk, std::byte{0xee});
    std::array<LogStream, 2> streams;
};

TEST(LogStream, a_request_goes_on_into_the_neighbouring_segment) {
    Streams s;
    auto const first = s.append(30);
    auto const second = s.append(8, 2); // does not fit into the two sectors that are left
    EXPECT_EQ(second, first + in_segment);
    auto const requests = s.sent();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].offset, first * sector_size);
    ASSERT_EQ(requests[0].data.size(), 40 * sector_size);
    auto const is = [&](std::size_t from, std::size_t count, int value) {
        auto const part = requests[0].data.subspan(from * sector_size, count * sector_size);
        return std::all_of(part.begin(), part.end(),
                           [value](auto byte) { return byte == static_cast<std::byte>(value); });
    };
    EXPECT_TRUE(is(0, 30, 1) && is(30, 2, 0) && is(32, 8, 2)) << "nothing of an older request between them";
}

TEST(LogStream, a_segment_elsewhere_has_a_request_of_its_own) {
    Streams s;
    auto const first = s.append(30);
    auto const other = s.append(8, 3, 1); // another stream took the neighbour
    EXPECT_EQ(other, first + in_segment);
    auto const second = s.append(8, 2);
    EXPECT_EQ(second, first + 2 * in_segment);
    auto const requests = s.sent();
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0].offset, first * sector_size);
    EXPECT_EQ(requests[0].data.size(), 30 * sector_size);
    EXPECT_EQ(requests[1].offset, second * sector_size);
}

TEST(LogStream, a_request_is_no_longer_than_a_chunk) {
    Streams s;
    auto const first = s.append(30);
    for (int i = 0; i < 3; ++i) s.append(8);
    auto const last = s.append(8, 2); // ends with sector 64: the chunk is full
    EXPECT_EQ(last, first + in_segment + 24);
    EXPECT_EQ(s.append(2, 3), first + 2 * in_segment);
    auto const requests = s.sent();
    ASSERT_EQ(requests.size(), 2u);
    EXPECT_EQ(requests[0].data.size(), chunk);
    EXPECT_EQ(requests[1].offset, (first + 2 * in_segment) * sector_size);
    EXPECT_EQ(requests[1].data.size(), 2 * sector_size);
}

// The record's place is not in the chunk that leaves before it.
TEST(LogStream, a_hole_in_a_new_segment_ends_the_chunk) {
    Streams s;
    auto const first = s.append(30);
    auto const hole = s.streams[0].make_hole(9);
    ASSERT_FALSE(hole.failed());
    EXPECT_EQ(hole->first(), first + in_segment);
    auto const requests = s.sent();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].data.size(), 30 * sector_size);
    EXPECT_EQ(s.append(8), hole->first() + 1);
}

} // namespace
} // namespace store
