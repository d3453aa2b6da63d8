// SPDX-License-Identifier: Apache-2.0
// The device's side of a split virtqueue, for tests: walks what the driver wrote, answers when it is told to.
#pragma once

#include <base/bytes.hpp>

#include <linux/virtio_blk.h>

#include <cstdint>
#include <vector>

namespace tests {

// One chain as the device sees it.
struct DeviceRequest {
    std::uint16_t head = 0;
    virtio_blk_outhdr header{};
    std::uint64_t data_physical = 0;
    std::uint32_t data_length = 0;
    bool device_writes_data = false;
    std::uint64_t status_physical = 0;
};

// All memory of the device is `memory`, at the physical address `physical`.
class QueueDevice {
public:
    QueueDevice(base::Bytes memory, std::uint64_t physical, std::uint64_t descriptors,
                std::uint64_t available, std::uint64_t used, std::uint16_t size)
        : memory_(memory),
          physical_(physical),
          descriptors_(descriptors),
          available_(available),
          used_(used),
          size_(size) {}

    // The bytes at a physical address; an address outside of the memory ends the test.
    base::Bytes at(std::uint64_t address, std::size_t length) {
        expects(address >= physical_ && address - physical_ + length <= memory_.size());
        return memory_.subspan(address - physical_, length);
    }

    // What the driver made available since the last call.
    std::vector<DeviceRequest> take() {
        std::vector<DeviceRequest> requests;
        auto const index = base::read<std::uint16_t>(at(available_ + 2, 2));
        for (; next_ != index; ++next_)
            requests.push_back(
                chain(base::read<std::uint16_t>(at(available_ + 4 + 2u * (next_ % size_), 2))));
        return requests;
    }

    void answer(DeviceRequest const& request, std::uint8_t status) {
        at(request.status_physical, 1)[0] = std::byte{status};
        put_used(request.head);
    }
    // A used element as it stands, right or wrong.
    void put_used(std::uint32_t id) {
        auto const index = base::read<std::uint16_t>(at(used_ + 2, 2));
        base::write(at(used_ + 4 + 8u * (index % size_), 8), 0, vring_used_element{id, 1});
        base::write(at(used_ + 2, 2), 0, static_cast<std::uint16_t>(index + 1));
    }
    void want_no_notification() { base::write(at(used_, 2), 0, std::uint16_t{1}); }

private:
    struct vring_used_element {
        std::uint32_t id, length;
    };
    struct Descriptor {
        std::uint64_t address;
        std::uint32_t length;
        std::uint16_t flags, next;
    };

    Descriptor descriptor(std::uint16_t index) {
        expects(index < size_);
        return base::read<Descriptor>(at(descriptors_ + 16u * index, 16));
    }

    DeviceRequest chain(std::uint16_t head) {
        DeviceRequest request;
        request.head = head;
        auto part = descriptor(head);
        expects(part.flags == 1 && part.length == sizeof(virtio_blk_outhdr));
        request.header = base::read<virtio_blk_outhdr>(at(part.address, part.length));
        part = descriptor(part.next);
        if ((part.flags & 1) != 0) {
            request.data_physical = part.address;
            request.data_length = part.length;
            request.device_writes_data = (part.flags & 2) != 0;
            at(part.address, part.length);
            part = descriptor(part.next);
        }
        expects(part.flags == 2 && part.length == 1);
        request.status_physical = part.address;
        return request;
    }

    base::Bytes memory_;
    std::uint64_t physical_;
    std::uint64_t descriptors_, available_, used_;
    std::uint16_t size_;
    std::uint16_t next_ = 0;
};

} // namespace tests
