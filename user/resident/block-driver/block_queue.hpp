// SPDX-License-Identifier: Apache-2.0
// Requests from the migrator's ring into the virtqueue and completions back. Ring order is submission order;
// what must not overtake what (a flush its writes, R23) is the migrator's to say, by submitting later.
//   reaped <= completed <= taken <= submitted <= reaped + block_ring_entries, all indices counting for ever
//   A device address lies in the DMA arena: the data beyond block_data_offset, the rest in our own pages
//   (R12).
#pragma once

#include "virtqueue.hpp"

#include <abi/block_ring.hpp>
#include <abi/error.hpp>

#include <array>
#include <cstdint>

namespace block_driver {

// Where our own pages of the arena are: the virtqueue, then a request header and a status byte for each slot.
inline constexpr std::size_t queue_offset = abi::frame_size;
inline constexpr std::size_t headers_offset = queue_offset + Virtqueue::memory_bytes;
inline constexpr std::size_t status_offset = headers_offset + abi::block_ring_entries * 16;
static_assert(status_offset + abi::block_ring_entries <= abi::block_data_offset);

struct DeviceLimits {
    std::uint64_t capacity_sectors = 0;
    std::uint32_t sectors_per_request_max = 0;
};

class BlockQueue {
public:
    BlockQueue(base::Bytes arena, std::uint64_t arena_physical, Virtqueue& queue, DeviceLimits limits);

    // Takes what the migrator submitted, as far as slots reach. true: the device has to be notified.
    bool take();
    // Answers what the device has finished, and what take() refused. true: the migrator has to be told.
    bool complete();
    // The device or the ring broke its contract, so nothing of it is believed any more:
    // everything fails from here on.
    bool broken() const { return broken_; }

private:
    bool well_formed(abi::BlockRequest const& request) const;
    void start(std::uint16_t slot, abi::BlockRequest const& request);
    void answer(std::uint64_t tag, abi::Error error);
    void give_up();

    base::Bytes arena_;
    std::uint64_t physical_;
    Virtqueue& queue_;
    DeviceLimits limits_;
    abi::BlockRings& rings_;
    std::array<std::uint64_t, abi::block_ring_entries> tags_{};
    std::array<bool, abi::block_ring_entries> busy_{};
    std::uint32_t taken_ = 0;
    std::uint32_t completed_ = 0;
    bool tell_ = false; // something happened that complete() has not announced
    bool broken_ = false;
};

} // namespace block_driver
