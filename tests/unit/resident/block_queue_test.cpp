// SPDX-License-Identifier: Apache-2.0
// The block driver's way from ring to virtqueue and back, over a simulated
// device: order, checks, hostile peers.
#include <block_queue.hpp>

#include "queue_device.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

namespace {

using abi::BlockOperation;
using abi::Error;
using block_driver::BlockQueue;
using block_driver::Virtqueue;
using tests::DeviceRequest;
using tests::QueueDevice;

constexpr std::uint64_t physical = 0x1234'0000;
constexpr std::size_t arena_bytes = 1 << 20;
constexpr std::uint64_t capacity = 1000;

struct PageFree {
    void operator()(std::byte* memory) const { std::free(memory); }
};

class BlockQueueTest : public testing::TestWithParam<std::uint16_t> {
protected:
    BlockQueueTest()
        : memory_(static_cast<std::byte*>(std::aligned_alloc(4096, arena_bytes))),
          arena_(zeroed(memory_.get())),
          virtqueue_(arena_.subspan(block_driver::queue_offset, Virtqueue::memory_bytes),
                     physical + block_driver::queue_offset, GetParam()),
          device_(arena_, physical, virtqueue_.addresses().descriptors, virtqueue_.addresses().available,
                  virtqueue_.addresses().used, GetParam()),
          queue_(arena_, physical, virtqueue_, {capacity, 256}) {}

    static base::Bytes zeroed(std::byte* memory) {
        std::fill_n(memory, arena_bytes, std::byte{});
        return {memory, arena_bytes};
    }
    abi::BlockRings& rings() { return base::view<abi::BlockRings>(arena_); }
    void submit(abi::BlockRequest const& request) {
        rings().requests[rings().submitted % abi::block_ring_entries] = request;
        ++rings().submitted;
    }
    static abi::BlockRequest write(std::uint64_t tag, std::uint64_t sector) {
        return {tag, sector, static_cast<std::uint32_t>(BlockOperation::write), 512, abi::block_data_offset};
    }
    // The next completion; fails the test when there is none.
    abi::BlockCompletion reap() {
        EXPECT_NE(rings().reaped, rings().completed);
        return rings().completions[rings().reaped++ % abi::block_ring_entries];
    }
    void expect_error(abi::BlockRequest const& request, Error error) {
        submit(request);
        queue_.take();
        EXPECT_TRUE(device_.take().empty());
        EXPECT_TRUE(queue_.complete());
        auto const completion = reap();
        EXPECT_EQ(completion.tag, request.tag);
        EXPECT_EQ(static_cast<Error>(completion.error), error);
    }

    std::unique_ptr<std::byte, PageFree> memory_;
    base::Bytes arena_;
    Virtqueue virtqueue_;
    QueueDevice device_;
    BlockQueue queue_;
};

TEST_P(BlockQueueTest, AReadReachesTheDeviceAsThreeDescriptors) {
    submit({7, 12, static_cast<std::uint32_t>(BlockOperation::read), 4096, abi::block_data_offset + 512});
    EXPECT_TRUE(queue_.take());
    auto const requests = device_.take();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].header.type, static_cast<std::uint32_t>(VIRTIO_BLK_T_IN));
    EXPECT_EQ(requests[0].header.sector, 12u);
    EXPECT_EQ(requests[0].data_physical, physical + abi::block_data_offset + 512);
    EXPECT_EQ(requests[0].data_length, 4096u);
    EXPECT_TRUE(requests[0].device_writes_data);
    EXPECT_FALSE(queue_.complete());
    device_.answer(requests[0], VIRTIO_BLK_S_OK);
    EXPECT_TRUE(queue_.complete());
    auto const completion = reap();
    EXPECT_EQ(completion.tag, 7u);
    EXPECT_EQ(completion.error, 0u);
    EXPECT_FALSE(queue_.complete());
}

TEST_P(BlockQueueTest, AFlushHasNoDataAndIsCounted) {
    submit({1, 0, static_cast<std::uint32_t>(BlockOperation::flush), 0, 0});
    EXPECT_TRUE(queue_.take());
    auto const requests = device_.take();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].header.type, static_cast<std::uint32_t>(VIRTIO_BLK_T_FLUSH));
    EXPECT_EQ(requests[0].data_length, 0u);
    EXPECT_EQ(rings().flushes, 1u);
}

TEST_P(BlockQueueTest, StatusBytesBecomeErrors) {
    std::uint8_t const statuses[] = {VIRTIO_BLK_S_OK, VIRTIO_BLK_S_IOERR, VIRTIO_BLK_S_UNSUPP, 0xff};
    Error const errors[] = {Error::none, Error::io, Error::not_supported, Error::io};
    for (std::size_t i = 0; i < 4; ++i) {
        submit(write(i, i));
        queue_.take();
        device_.answer(device_.take().at(0), statuses[i]);
        EXPECT_TRUE(queue_.complete());
        EXPECT_EQ(static_cast<Error>(reap().error), errors[i]);
    }
}

TEST_P(BlockQueueTest, WhatIsOutsideOfTheArenaOrTheDeviceIsRefused) {
    auto request = write(1, 0);
    request.arena_offset = abi::block_data_offset - 512;
    expect_error(request, Error::bad_argument);
    request.arena_offset = arena_bytes;
    expect_error(request, Error::bad_argument);
    request.arena_offset = ~std::uint64_t{511};
    expect_error(request, Error::bad_argument);
    request = write(2, capacity);
    expect_error(request, Error::bad_argument);
    request.sector = ~std::uint64_t{0};
    expect_error(request, Error::bad_argument);
    request = write(3, 0);
    request.length = 511;
    expect_error(request, Error::bad_argument);
    request.length = 0;
    expect_error(request, Error::bad_argument);
    request.length = 257 * 512;
    expect_error(request, Error::bad_argument);
    request = write(4, 0);
    request.operation = 3;
    expect_error(request, Error::bad_argument);
}

// Any number of requests, answered newest first: each gets its own answer, and
// ring order is submission order.
TEST_P(BlockQueueTest, EachRequestIsAnsweredOnceInAnyOrder) {
    std::uint64_t next = 0;
    std::uint64_t seen_by_device = 0;
    std::vector<DeviceRequest> held;
    std::vector<int> answered(500);
    for (unsigned round = 0; seen_by_device < 500; ++round) {
        while (next < 500 && rings().submitted - rings().reaped < abi::block_ring_entries) {
            submit(write(next, next));
            ++next;
        }
        queue_.take();
        for (auto const& request : device_.take()) {
            EXPECT_EQ(request.header.sector, seen_by_device++);
            held.push_back(request);
        }
        for (std::size_t n = round % 5 + 1; n > 0 && !held.empty(); --n) {
            device_.answer(held.back(), VIRTIO_BLK_S_OK);
            held.pop_back();
        }
        queue_.complete();
        while (rings().reaped != rings().completed) ++answered[reap().tag];
    }
    for (auto const& request : held) device_.answer(request, VIRTIO_BLK_S_OK);
    queue_.complete();
    while (rings().reaped != rings().completed) ++answered[reap().tag];
    for (int const count : answered) EXPECT_EQ(count, 1);
    EXPECT_FALSE(queue_.broken());
}

TEST_P(BlockQueueTest, ADeviceThatWantsNoNotificationGetsNone) {
    device_.want_no_notification();
    submit(write(1, 1));
    EXPECT_FALSE(queue_.take());
    EXPECT_EQ(device_.take().size(), 1u);
}

TEST_P(BlockQueueTest, AnAnswerToNoRequestBreaksTheDevice) {
    for (std::uint32_t const id : {0u, 1u, 3u * 85, 0xffff'ffffu}) {
        Virtqueue virtqueue(arena_.subspan(block_driver::queue_offset, Virtqueue::memory_bytes), physical,
                            GetParam());
        zeroed(arena_.data());
        BlockQueue queue(arena_, physical, virtqueue, {capacity, 256});
        device_.put_used(id);
        EXPECT_TRUE(queue.complete());
        EXPECT_TRUE(queue.broken());
        EXPECT_EQ(static_cast<Error>(rings().device_error), Error::device_failed);
    }
}

TEST_P(BlockQueueTest, AnIndexBeyondTheRingBreaksTheQueue) {
    rings().submitted = abi::block_ring_entries + 1;
    EXPECT_FALSE(queue_.take());
    EXPECT_TRUE(queue_.broken());
    EXPECT_TRUE(device_.take().empty());
}

INSTANTIATE_TEST_SUITE_P(QueueSizes, BlockQueueTest, testing::Values<std::uint16_t>(4, 32, 128, 256));

} // namespace
