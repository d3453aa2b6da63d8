// SPDX-License-Identifier: Apache-2.0
// The device's side: takes chains, moves sectors, remembers what no flush has covered.
#include "simulated_drive.hpp"

#include <algorithm>
#include <utility>

namespace tests {

namespace {

constexpr std::size_t sector = 512;
constexpr std::uint16_t queue_size = 256;

block_driver::DeviceLimits publish(base::Bytes arena, std::size_t bytes) {
    std::fill(arena.begin(), arena.end(), std::byte{});
    auto& rings = base::view<abi::BlockRings>(arena);
    rings.capacity_sectors = bytes / sector;
    rings.sectors_per_request_max = 2048;
    rings.magic = abi::block_rings_magic;
    return {rings.capacity_sectors, rings.sectors_per_request_max};
}

} // namespace

SimulatedDrive::SimulatedDrive(base::Bytes arena, Image image, std::uint32_t seed)
    : arena_(arena),
      content_(std::move(image)),
      durable_(content_),
      virtqueue_(arena.subspan(block_driver::queue_offset, block_driver::Virtqueue::memory_bytes),
                 physical + block_driver::queue_offset, queue_size),
      device_(arena, physical, virtqueue_.addresses().descriptors, virtqueue_.addresses().available,
              virtqueue_.addresses().used, queue_size),
      queue_(arena, physical, virtqueue_, publish(arena, content_.size())),
      random_(seed) {}

bool SimulatedDrive::doorbell() {
    queue_.take();
    for (auto const& request : device_.take()) held_.push_back(request);
    return queue_.complete();
}

bool SimulatedDrive::complete_one() {
    if (held_.empty()) return false;
    auto const index = random_() % held_.size();
    auto const request = held_[index];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
    device_.answer(request, execute(request));
    queue_.take();
    for (auto const& next : device_.take()) held_.push_back(next);
    return queue_.complete();
}

std::uint8_t SimulatedDrive::execute(DeviceRequest const& request) {
    if (request.header.type == VIRTIO_BLK_T_FLUSH) {
        for (auto const number : unflushed_)
            std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(number * sector), sector,
                        durable_.begin() + static_cast<std::ptrdiff_t>(number * sector));
        unflushed_.clear();
        ++flushes;
        return VIRTIO_BLK_S_OK;
    }
    auto const data = device_.at(request.data_physical, request.data_length);
    auto const at = content_.begin() + static_cast<std::ptrdiff_t>(request.header.sector * sector);
    if (request.header.type == VIRTIO_BLK_T_IN) {
        std::copy_n(at, data.size(), data.begin());
        return VIRTIO_BLK_S_OK;
    }
    ++writes;
    if (failing_writes != 0) {
        --failing_writes;
        return VIRTIO_BLK_S_IOERR;
    }
    std::copy(data.begin(), data.end(), at);
    for (std::size_t i = 0; i < data.size() / sector; ++i) unflushed_.push_back(request.header.sector + i);
    return VIRTIO_BLK_S_OK;
}

SimulatedDrive::Image SimulatedDrive::cut() {
    Image image = durable_;
    // Writes that were submitted and not answered may have reached the disk too.
    for (auto const& request : held_)
        if (request.header.type == VIRTIO_BLK_T_OUT && random_() % 2 == 0) execute(request);
    for (auto const number : unflushed_)
        if (random_() % 2 == 0)
            std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(number * sector), sector,
                        image.begin() + static_cast<std::ptrdiff_t>(number * sector));
    return image;
}

} // namespace tests
