// SPDX-License-Identifier: Apache-2.0
// The split virtqueue: descriptors on the first page, the available ring on the
// second, the used ring on the third.
#include "virtqueue.hpp"

#include <atomic>

namespace block_driver {

namespace {

constexpr std::size_t available_offset = 4096;
constexpr std::size_t used_offset = 8192;

// virtio 1.1, 2.6.6 and 2.6.8: flags, idx, ring[size], event. Offsets are those of the header's structures.
constexpr std::size_t flags_at = offsetof(vring_avail, flags);
constexpr std::size_t index_at = offsetof(vring_avail, idx);
constexpr std::size_t ring_at = offsetof(vring_avail, ring);
static_assert(offsetof(vring_used, flags) == flags_at && offsetof(vring_used, idx) == index_at);
static_assert(offsetof(vring_used, ring) == ring_at && sizeof(vring_used_elem) == 8 &&
              sizeof(vring_desc) == 16);
static_assert(Virtqueue::size_max * sizeof(vring_desc) <= available_offset);
static_assert(ring_at + Virtqueue::size_max * sizeof(vring_used_elem) <=
              Virtqueue::memory_bytes - used_offset);

} // namespace

Virtqueue::Virtqueue(base::Bytes memory, std::uint64_t physical, std::uint16_t size)
    : memory_(memory), physical_(physical), size_(size) {
    expects(memory.size() == memory_bytes && size >= chain_length && size <= size_max &&
            (size & (size - 1)) == 0);
}

QueueAddresses Virtqueue::addresses() const {
    return {physical_, physical_ + available_offset, physical_ + used_offset};
}

void Virtqueue::add(std::uint16_t slot, std::span<Segment const> segments) {
    expects(slot < slots() && !held_[slot] && !segments.empty() && segments.size() <= chain_length);
    auto const first = static_cast<std::uint16_t>(slot * chain_length);
    for (std::uint16_t i = 0; i < segments.size(); ++i) {
        auto const& segment = segments[i];
        auto const index = static_cast<std::uint16_t>(first + i);
        bool const last = i + 1u == segments.size();
        int const flags = (last ? 0 : VRING_DESC_F_NEXT) | (segment.device_writes ? VRING_DESC_F_WRITE : 0);
        base::write(memory_, index * sizeof(vring_desc),
                    vring_desc{segment.physical, segment.length, static_cast<std::uint16_t>(flags),
                               static_cast<std::uint16_t>(last ? 0 : index + 1)});
    }
    field(available_offset + ring_at + 2u * (added_ % size_)) = first;
    held_[slot] = true;
    ++added_;
}

bool Virtqueue::publish() {
    // Release: the device sees the descriptors and ring entries before the index that announces them.
    std::atomic_ref(field(available_offset + index_at)).store(added_, std::memory_order_release);
    // The index must be visible before the flag is read, or both sides could think that
    // the other one looks (2.6.13.1).
    std::atomic_thread_fence(std::memory_order_seq_cst);
    auto const flags = std::atomic_ref(field(used_offset + flags_at)).load(std::memory_order_relaxed);
    return (flags & VRING_USED_F_NO_NOTIFY) == 0;
}

std::optional<Virtqueue::Used> Virtqueue::take_used() {
    // Acquire: partner of the device's release of the element and of the data it describes.
    if (std::atomic_ref(field(used_offset + index_at)).load(std::memory_order_acquire) == taken_) return {};
    auto const element = base::read<vring_used_elem>(memory_, used_offset + ring_at +
                                                                  sizeof(vring_used_elem) * (taken_ % size_));
    ++taken_;
    auto const slot = static_cast<std::uint16_t>(element.id / chain_length);
    if (element.id % chain_length != 0 || element.id / chain_length >= slots() || !held_[slot])
        return Used{false, 0};
    held_[slot] = false;
    return Used{true, slot};
}

} // namespace block_driver
