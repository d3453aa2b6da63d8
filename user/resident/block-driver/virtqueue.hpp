// SPDX-License-Identifier: Apache-2.0
// A split virtqueue (virtio 1.1, section 2.6) over memory that device and driver share.
//   The request in slot s owns the descriptors [chain_length * s, chain_length * (s + 1)), so nothing is
//   allocated. published_ - taken_ = slots the device works on <= slots()
#pragma once

#define VIRTIO_RING_NO_LEGACY
#include <linux/virtio_ring.h>

#include <base/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace block_driver {

// A piece of physical memory of one request, as seen by the device.
struct Segment {
    std::uint64_t physical = 0;
    std::uint32_t length = 0;
    bool device_writes = false;
};

// Where the three parts of a queue are, for the device.
struct QueueAddresses {
    std::uint64_t descriptors;
    std::uint64_t available;
    std::uint64_t used;
};

class Virtqueue {
public:
    static constexpr std::uint16_t size_max = 256;
    static constexpr std::uint16_t chain_length = 3;
    static constexpr std::size_t memory_bytes = 3 * 4096;

    // `memory`: memory_bytes zeroed bytes, page aligned, at this physical address;
    // `size` a power of two <= size_max.
    Virtqueue(base::Bytes memory, std::uint64_t physical, std::uint16_t size);

    std::uint16_t slots() const { return static_cast<std::uint16_t>(size_ / chain_length); }
    QueueAddresses addresses() const;

    // Writes the chain of a slot that the device does not hold, and queues it; 1..chain_length segments.
    void add(std::uint16_t slot, std::span<Segment const> segments);
    // Shows the device what was added; true: it wants to be notified.
    bool publish();

    // What take_used() found: nothing, a finished slot, or an answer that no request of ours can have.
    struct Used {
        bool valid;
        std::uint16_t slot;
    };
    // The next chain that the device has finished. The device's word is checked: a slot
    // it does not hold is not valid.
    std::optional<Used> take_used();

private:
    std::uint16_t& field(std::size_t offset) const { return base::view<std::uint16_t>(memory_, offset); }

    base::Bytes memory_;
    std::uint64_t physical_;
    std::uint16_t size_;
    std::uint16_t added_ = 0; // free-running index of the next entry of the available ring
    std::uint16_t taken_ = 0; // free-running index of the next entry of the used ring
    std::array<bool, size_max / chain_length> held_{}; // by the device
};

} // namespace block_driver
