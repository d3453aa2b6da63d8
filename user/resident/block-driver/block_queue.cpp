// SPDX-License-Identifier: Apache-2.0
// The way of a block request: ring entry, checks, three descriptors, status byte, completion entry.
#include "block_queue.hpp"

#include <linux/virtio_blk.h>

#include <atomic>
#include <utility>

namespace block_driver {

namespace {

constexpr std::size_t sector = 512;

abi::Error error_of(std::uint8_t status) {
    if (status == VIRTIO_BLK_S_OK) return abi::Error::none;
    return status == VIRTIO_BLK_S_UNSUPP ? abi::Error::not_supported : abi::Error::io;
}

std::uint32_t device_operation(abi::BlockOperation operation) {
    switch (operation) {
    case abi::BlockOperation::read: return VIRTIO_BLK_T_IN;
    case abi::BlockOperation::write: return VIRTIO_BLK_T_OUT;
    case abi::BlockOperation::flush: return VIRTIO_BLK_T_FLUSH;
    }
    unreachable();
}

} // namespace

BlockQueue::BlockQueue(base::Bytes arena, std::uint64_t arena_physical, Virtqueue& queue, DeviceLimits limits)
    : arena_(arena),
      physical_(arena_physical),
      queue_(queue),
      limits_(limits),
      rings_(base::view<abi::BlockRings>(arena)) {
    expects(arena.size() > abi::block_data_offset);
}

bool BlockQueue::well_formed(abi::BlockRequest const& request) const {
    if (request.operation == static_cast<std::uint32_t>(abi::BlockOperation::flush))
        return request.length == 0;
    if (request.operation > static_cast<std::uint32_t>(abi::BlockOperation::flush)) return false;
    std::uint64_t const sectors = request.length / sector;
    return request.length != 0 && request.length % sector == 0 &&
           sectors <= limits_.sectors_per_request_max && request.sector <= limits_.capacity_sectors &&
           sectors <= limits_.capacity_sectors - request.sector &&
           request.arena_offset >= abi::block_data_offset && request.arena_offset % sector == 0 &&
           request.arena_offset <= arena_.size() && request.length <= arena_.size() - request.arena_offset;
}

bool BlockQueue::take() {
    // Acquire: partner of the migrator's release after it wrote the entries.
    auto const submitted = std::atomic_ref(rings_.submitted).load(std::memory_order_acquire);
    auto const reaped = std::atomic_ref(rings_.reaped).load(std::memory_order_acquire);
    if (submitted - reaped > abi::block_ring_entries || taken_ - reaped > abi::block_ring_entries) give_up();
    bool added = false;
    std::uint16_t slot = 0;
    auto const slots =
        queue_.slots() < busy_.size() ? queue_.slots() : static_cast<std::uint16_t>(busy_.size());
    while (taken_ != submitted && !broken_) {
        while (slot < slots && busy_[slot]) ++slot;
        if (slot == slots) break;
        // One copy, so that what was checked is what is used: the migrator can still write the ring.
        auto const request = std::as_const(rings_.requests[taken_ % abi::block_ring_entries]);
        ++taken_;
        if (!well_formed(request)) {
            answer(request.tag, abi::Error::bad_argument);
            continue;
        }
        start(slot, request);
        added = true;
    }
    std::atomic_ref(rings_.taken).store(taken_, std::memory_order_release);
    return added && queue_.publish();
}

void BlockQueue::start(std::uint16_t slot, abi::BlockRequest const& request) {
    auto const operation = static_cast<abi::BlockOperation>(request.operation);
    bool const flush = operation == abi::BlockOperation::flush;
    std::size_t const header = headers_offset + slot * sizeof(virtio_blk_outhdr);
    base::write(arena_, header,
                virtio_blk_outhdr{device_operation(operation), 0, flush ? 0 : request.sector});
    arena_[status_offset + slot] = std::byte{0xff};
    Segment const first{physical_ + header, sizeof(virtio_blk_outhdr), false};
    Segment const data{physical_ + request.arena_offset, request.length,
                       operation == abi::BlockOperation::read};
    Segment const status{physical_ + status_offset + slot, 1, true};
    if (flush) {
        queue_.add(slot, std::array{first, status});
        ++rings_.flushes;
    } else {
        queue_.add(slot, std::array{first, data, status});
    }
    tags_[slot] = request.tag;
    busy_[slot] = true;
}

bool BlockQueue::complete() {
    while (auto const used = queue_.take_used()) {
        if (!used->valid) {
            give_up();
            break;
        }
        busy_[used->slot] = false;
        answer(tags_[used->slot], error_of(static_cast<std::uint8_t>(arena_[status_offset + used->slot])));
    }
    return std::exchange(tell_, false);
}

void BlockQueue::answer(std::uint64_t tag, abi::Error error) {
    rings_.completions[completed_ % abi::block_ring_entries] = {tag, static_cast<std::uint32_t>(error), 0};
    // Release: the entry and the data before the index that announces them.
    std::atomic_ref(rings_.completed).store(++completed_, std::memory_order_release);
    tell_ = true;
}

// Requests in flight get no completion of their own: device_error answers them all.
void BlockQueue::give_up() {
    broken_ = true;
    tell_ = true;
    rings_.device_error = static_cast<std::uint32_t>(abi::Error::device_failed);
}

} // namespace block_driver
