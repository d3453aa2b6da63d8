// SPDX-License-Identifier: Apache-2.0
// The store's door to the disk in the running system: the block driver's rings in the DMA arena. Every span
// of a request lies in the arena, so nothing is copied; what is submitted reaches the driver in that order.
//   reaped_ <= completed <= submitted_ <= reaped_ + block_ring_entries;  in flight = busy records
#pragma once

#include "inbox.hpp"

#include <abi/block_ring.hpp>
#include <base/result.hpp>
#include <store/block_device.hpp>

#include <array>
#include <cstdint>

namespace migrator {

using base::Result;

class QueuedDevice final : public store::BlockDevice {
public:
    // `arena`: the whole DMA arena. `doorbell`: the driver's endpoint.
    QueuedDevice(base::Bytes arena, Inbox& inbox, runtime::Slot doorbell);

    // The driver has published the device. device_failed: there is none that can be used.
    Result<> check() const;
    // Where the store's buffers may be.
    base::Bytes io_memory() const { return arena_.subspan(abi::block_data_offset); }
    std::uint32_t request_bytes_max() const { return rings_.sectors_per_request_max * 512; }

    std::uint64_t capacity() const override { return rings_.capacity_sectors * 512; }
    void submit(store::Request const& request) override;
    std::size_t poll(std::span<store::Completion> done, bool wait) override;

    // Tells the driver of what was submitted since the last time.
    void ring();
    std::uint64_t interrupts() const { return rings_.interrupts; }
    std::uint64_t flushes() const { return rings_.flushes; }

private:
    struct InFlight {
        std::uint32_t tag = 0; // the store's
        bool busy = false;
    };

    std::size_t reap(std::span<store::Completion> done);
    std::size_t fail_all(std::span<store::Completion> done);

    base::Bytes arena_;
    abi::BlockRings& rings_;
    Inbox& inbox_;
    runtime::Slot doorbell_;
    std::array<InFlight, abi::block_ring_entries> in_flight_{};
    std::uint32_t submitted_ = 0;
    std::uint32_t rung_ = 0;
    std::uint32_t reaped_ = 0;
};

} // namespace migrator
