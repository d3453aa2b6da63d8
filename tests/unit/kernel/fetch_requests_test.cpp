// SPDX-License-Identifier: Apache-2.0
// The table of wanted frames, and the arrival of frames.
#include "ipc_fixture.hpp"

#include <fetch/supply.hpp>
#include <mapping/evict.hpp>

namespace {

using namespace kernel;
using namespace kernel::testing;

abi::FrameId number(std::uint64_t n) { return abi::FrameId::persistent(n); }

TEST(FetchRequests, EachFrameIsAskedForOnce) {
    Requests table;
    EXPECT_TRUE(*table.want(number(5)));
    EXPECT_FALSE(*table.want(number(5)));
    EXPECT_TRUE(*table.want(number(3)));
    EXPECT_EQ(table.take(), number(5));
    EXPECT_FALSE(*table.want(number(5))) << "taken, not answered";
    EXPECT_EQ(table.take(), number(3));
    EXPECT_EQ(table.take(), abi::FrameId());
    EXPECT_TRUE(table.finish(number(5)));
    EXPECT_FALSE(table.finish(number(5)));
    EXPECT_TRUE(*table.want(number(5)));
}

TEST(FetchRequests, FullTableSaysSo) {
    Requests table;
    for (std::uint64_t i = 1; i <= wanted_frames_max; ++i) EXPECT_TRUE(table.want(number(i)));
    EXPECT_EQ(table.want(number(1000)).error, Error::limit_reached);
    table.take();
    EXPECT_TRUE(table.finish(number(1)));
    EXPECT_TRUE(table.want(number(1000)));
}

TEST(FetchSupply, WaitersWakeWhenTheFrameComes) {
    IpcWorld world;
    auto const waiter = world.party();
    auto& queue = queues(world.kernel());
    core(world.kernel()).absent = number(900);
    ASSERT_TRUE(want_absent(world.kernel()));
    queue.block(queue.live().find(waiter.frame), WaitKey::frame(number(900)));
    std::array<std::byte, abi::frame_size> content{};
    content[17] = std::byte{42};
    ASSERT_TRUE(
        supply_frame(world.kernel(), {number(900), abi::FrameType::data_page, abi::Version(3)}, content));
    EXPECT_EQ(world.place(waiter), Place::ready);
    auto const frame = world.memory().frames.find(number(900));
    ASSERT_NE(frame, no_frame);
    EXPECT_EQ(arch::frame_bytes(frame)[17], std::byte{42});
    EXPECT_EQ(world.header(frame).mark, abi::Version(3));
    EXPECT_EQ(requests(world.kernel()).count(), 0u);
}

// R15: disk bytes are hostile even with a good hash.
TEST(FetchSupply, R15_MalformedContentIsRefusedAndLost) {
    IpcWorld world;
    std::array<std::byte, abi::frame_size> content{};
    abi::Patt patt{};
    patt.header = {1, abi::ObjectHeader::in_use};
    patt.size = 70;
    base::write(base::Bytes(content), 0, patt);
    EXPECT_EQ(
        supply_frame(world.kernel(), {number(901), abi::FrameType::patt, abi::Version(1)}, content).error,
        Error::corrupt);
    EXPECT_EQ(world.memory().frames.find(number(901)), no_frame);
    core(world.kernel()).absent = number(901);
    EXPECT_EQ(want_absent(world.kernel()).error, Error::corrupt);
}

// Whoever waits for several frames has to find the first of them when the last one comes.
TEST(FetchSupply, R13_WhatCameForAWaiterOutlivesOneDrop) {
    IpcWorld world;
    ASSERT_TRUE(supply_frame(world.kernel(), {number(903), abi::FrameType::free, abi::Version(1)}, {}));
    drop_all(world.kernel());
    EXPECT_NE(world.memory().frames.find(number(903)), no_frame);
    drop_all(world.kernel());
    EXPECT_EQ(world.memory().frames.find(number(903)), no_frame);
}

TEST(FetchSupply, NeverWrittenFramesAreFreeAndZero) {
    IpcWorld world;
    ASSERT_TRUE(supply_frame(world.kernel(), {number(902), abi::FrameType::free, abi::Version(9)}, {}));
    auto const frame = world.memory().frames.find(number(902));
    ASSERT_NE(frame, no_frame);
    EXPECT_EQ(world.header(frame).type, abi::FrameType::free);
    EXPECT_EQ(world.header(frame).mark, abi::Version(9));
    EXPECT_EQ(supply_frame(world.kernel(), {number(902), abi::FrameType::free, abi::Version(9)}, {}).error,
              Error::in_use);
}

} // namespace
