// SPDX-License-Identifier: Apache-2.0
// Requests of the store into the driver's ring, completions out of it.
#include "queued_device.hpp"

#include <abi/resident_events.hpp>
#include <runtime/client/endpoint.hpp>

#include <atomic>
#include <utility>

namespace migrator {

namespace {

abi::BlockOperation operation_of(store::RequestKind kind) {
    switch (kind) {
    case store::RequestKind::read: return abi::BlockOperation::read;
    case store::RequestKind::write: return abi::BlockOperation::write;
    case store::RequestKind::flush: return abi::BlockOperation::flush;
    }
    unreachable();
}

} // namespace

QueuedDevice::QueuedDevice(base::Bytes arena, Inbox& inbox, runtime::Slot doorbell)
    : arena_(arena), rings_(base::view<abi::BlockRings>(arena)), inbox_(inbox), doorbell_(doorbell) {}

Result<> QueuedDevice::check() const {
    if (rings_.magic != abi::block_rings_magic || rings_.device_error != 0 || rings_.capacity_sectors == 0)
        return base::fail(abi::Error::device_failed);
    return {};
}

void QueuedDevice::submit(store::Request const& request) {
    std::uint32_t index = 0;
    while (index < in_flight_.size() && in_flight_[index].busy) ++index;
    expects(index < in_flight_.size()); // the store has at most requests_at_most in flight
    static_assert(store::requests_at_most <= abi::block_ring_entries);
    std::uint64_t offset = 0;
    if (request.kind != store::RequestKind::flush) {
        expects(request.data.data() >= arena_.data() + abi::block_data_offset);
        offset = static_cast<std::uint64_t>(request.data.data() - arena_.data());
        expects(offset + request.data.size() <= arena_.size());
    }
    in_flight_[index] = {request.tag, true};
    rings_.requests[submitted_ % abi::block_ring_entries] = {
        index, request.offset / store::sector_size, static_cast<std::uint32_t>(operation_of(request.kind)),
        static_cast<std::uint32_t>(request.data.size()), offset};
    // Release: the driver sees the entry and the data before the index that announces them.
    std::atomic_ref(rings_.submitted).store(++submitted_, std::memory_order_release);
}

void QueuedDevice::ring() {
    if (std::exchange(rung_, submitted_) == submitted_) return;
    // A driver that is gone shows in device_error or never answers; the post itself has nothing to tell.
    static_cast<void>(runtime::Endpoint{doorbell_}.post(abi::bits(abi::BlockDriverEvent::doorbell)));
}

std::size_t QueuedDevice::poll(std::span<store::Completion> done, bool wait) {
    ring();
    std::size_t count = reap(done);
    while (wait && count == 0) {
        inbox_.wait_for(abi::MigratorEvent::completion);
        count = reap(done);
    }
    return count;
}

std::size_t QueuedDevice::reap(std::span<store::Completion> done) {
    std::size_t count = 0;
    // Acquire: partner of the driver's release of the entry and of the data that was read.
    auto const completed = std::atomic_ref(rings_.completed).load(std::memory_order_acquire);
    while (reaped_ != completed && count < done.size()) {
        auto const completion = rings_.completions[reaped_ % abi::block_ring_entries];
        ++reaped_;
        if (completion.tag >= in_flight_.size() || !in_flight_[completion.tag].busy) continue;
        auto& record = in_flight_[completion.tag];
        record.busy = false;
        done[count++] = {record.tag, static_cast<abi::Error>(completion.error)};
    }
    std::atomic_ref(rings_.reaped).store(reaped_, std::memory_order_release);
    if (count == 0 && rings_.device_error != 0) count = fail_all(done);
    return count;
}

// The device is gone: whatever it still had is answered here.
std::size_t QueuedDevice::fail_all(std::span<store::Completion> done) {
    std::size_t count = 0;
    for (auto& record : in_flight_) {
        if (!record.busy || count == done.size()) continue;
        record.busy = false;
        done[count++] = {record.tag, abi::Error::device_failed};
    }
    return count;
}

} // namespace migrator
