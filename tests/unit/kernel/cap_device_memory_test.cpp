// SPDX-License-Identifier: Apache-2.0
// Device memory: a range of all there is above 4 GiB, and the small pieces of it that drivers map.
#include "ipc_fixture.hpp"

#include <cap/encodings.hpp>

#include <abi/operations.hpp>

namespace kernel::testing {

namespace {

namespace op = abi::op;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr std::uint64_t page = abi::frame_size;

struct DeviceMemory : ::testing::Test {
    IpcWorld world;
    Party caller = world.transient_party();

    struct Bytes {
        std::uint64_t physical, length;
        friend bool operator==(Bytes, Bytes) = default;
    };
    Error answer() {
        EXPECT_EQ(world.error(caller), Error::none);
        return static_cast<Error>(world.word(caller, 0));
    }
    Error narrow(std::uint64_t offset, std::uint64_t length) {
        world.invoke(caller, {.slot = 20,
                              .control = call_control(),
                              .words = {op::device_memory::narrow, offset, length},
                              .receive_slots = {21}});
        return answer();
    }
    Bytes describe(std::uint64_t slot) {
        world.invoke(caller,
                     {.slot = slot, .control = call_control(), .words = {op::device_memory::describe}});
        EXPECT_EQ(answer(), Error::none);
        return {world.word(caller, 1), world.word(caller, 2)};
    }
};

} // namespace

TEST_F(DeviceMemory, AllAboveFourGibibytesAndAPieceNearItsEnd) {
    world.give(caller, 20, device_memory_capability(4 * gib, 1020 * gib));
    EXPECT_EQ(describe(20), (Bytes{4 * gib, 1020 * gib}));
    EXPECT_EQ(narrow(0xe0'0000'0000 - 4 * gib, 4 * page), Error::none);
    EXPECT_EQ(describe(21), (Bytes{0xe0'0000'0000, 4 * page}));
    EXPECT_EQ(narrow(1020 * gib - page, page), Error::none);
    EXPECT_EQ(describe(21), (Bytes{1024 * gib - page, page}));
    EXPECT_EQ(narrow(1020 * gib - page, 2 * page), Error::bad_argument) << "beyond the end";
    EXPECT_EQ(narrow(1020 * gib, page), Error::bad_argument);
    EXPECT_EQ(narrow(~std::uint64_t{0} - page + 1, 2 * page), Error::bad_argument) << "around the end";
    EXPECT_EQ(narrow(0, 0), Error::bad_argument);
    EXPECT_EQ(narrow(page / 2, page), Error::bad_argument);
}

TEST_F(DeviceMemory, ALengthWithoutAnEncodingIsRefused) {
    world.give(caller, 20, device_memory_capability(4 * gib, 1020 * gib));
    EXPECT_EQ(narrow(0, gib - page), Error::none);
    EXPECT_EQ(describe(21), (Bytes{4 * gib, gib - page}));
    EXPECT_EQ(narrow(page, 2 * gib), Error::none);
    EXPECT_EQ(describe(21), (Bytes{4 * gib + page, 2 * gib}));
    EXPECT_EQ(narrow(0, 2 * gib + page), Error::bad_argument) << "it would come out shorter";
}

TEST_F(DeviceMemory, WhatIsCachedStaysSo) {
    world.give(caller, 20, device_memory_capability(gib, 2 * gib, true));
    EXPECT_EQ(narrow(gib, page), Error::none);
    EXPECT_TRUE(PageRange::is_cached(world.held(caller, 21)));
    world.give(caller, 20, device_memory_capability(gib, 2 * gib));
    EXPECT_EQ(narrow(gib, page), Error::none);
    EXPECT_FALSE(PageRange::is_cached(world.held(caller, 21)));
}

// Every length up to 1 GiB, every multiple of 1 GiB up to the limit.
TEST_F(DeviceMemory, Encodings) {
    auto const comes_back = [](std::uint64_t first, std::uint64_t count) {
        auto const range = PageRange::of(PageRange{{first, count}}.capability(false));
        return range.first == first && range.count == count;
    };
    for (std::uint64_t count = 1; count <= gib / page; ++count)
        ASSERT_TRUE(comes_back(count, count)) << count;
    for (std::uint64_t bytes = gib; bytes <= PageRange::limit; bytes += PageRange::round_bytes)
        ASSERT_TRUE(comes_back((PageRange::limit - bytes) / page, bytes / page)) << bytes;
}

} // namespace kernel::testing
