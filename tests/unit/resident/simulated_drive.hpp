// SPDX-License-Identifier: Apache-2.0
// A disk with a volatile cache behind the real rings and the block driver's real queue: what was not flushed
// is lost at a cut. Requests complete one at a time, in an order chosen by a seed.
#pragma once

#include "queue_device.hpp"

#include <block_queue.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace tests {

class SimulatedDrive {
public:
    using Image = std::vector<std::byte>;

    // The arena is zeroed, the rings are published. `image` is what the disk holds.
    SimulatedDrive(base::Bytes arena, Image image, std::uint32_t seed);

    // The driver's rounds: after a doorbell, and after an interrupt. true: the
    // migrator is told of completions.
    bool doorbell();
    // Completes one request, if there is one.
    bool complete_one();
    bool busy() const { return !held_.empty(); }

    // The disk after power was lost now: each sector that was written and not
    // flushed is new or old by the seed.
    Image cut();
    // What a reader of the running disk sees.
    Image const& content() const { return content_; }
    void damage(std::uint64_t offset) { content_[offset] ^= std::byte{1}, durable_[offset] ^= std::byte{1}; }

    unsigned failing_writes = 0; // the next ones answer with an I/O error
    std::uint64_t writes = 0;
    std::uint64_t flushes = 0;

private:
    static constexpr std::uint64_t physical = 0x4000'0000;

    std::uint8_t execute(DeviceRequest const& request);

    base::Bytes arena_;
    Image content_;
    Image durable_;
    std::vector<std::uint64_t> unflushed_; // sectors
    block_driver::Virtqueue virtqueue_;
    QueueDevice device_;
    block_driver::BlockQueue queue_;
    std::vector<DeviceRequest> held_;
    std::mt19937 random_;
};

} // namespace tests
