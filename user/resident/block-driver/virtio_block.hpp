// SPDX-License-Identifier: Apache-2.0
// One modern virtio block device on PCI: found, negotiated, started, notified.
// Its requests are block_queue's.
#pragma once

#include "block_queue.hpp"
#include "device_registers.hpp"

#include <runtime/client/irq.hpp>

#include <cstdint>
#include <string_view>

namespace block_driver {

// What the driver was given: slots of its own capability page.
struct Authority {
    runtime::Slot io_ports;
    runtime::Slot device_memory;
    runtime::Slot high_device_memory;
    runtime::Slot irq;
    runtime::Slot endpoint; // interrupts are posted here
    runtime::Slot space;
    runtime::Slot bar_memory; // a free slot
    runtime::Slot line;       // a free slot
};

class VirtioBlock {
public:
    explicit VirtioBlock(Authority const& authority) : authority_(authority) {}

    // Finds the device and negotiates. device_failed: there is none, or it
    // cannot be used; failure() says why.
    Result<> open();
    // Entries of the queue, as many as both sides can; then limits() are known too.
    std::uint16_t queue_size() const { return queue_size_; }
    DeviceLimits limits() const { return limits_; }
    // Gives the device its queue and an interrupt and lets it go.
    Result<> start(QueueAddresses const& queue);

    // The device looks for new requests.
    void notify();
    // To be called for each interrupt event, before the used ring is looked at.
    Result<> acknowledge();
    // Stops the device: no DMA from here on.
    void reset();
    std::string_view failure() const { return failure_; }

private:
    Result<> refuse(std::string_view why);
    Result<> negotiate();
    Result<> bind_interrupt();
    Result<> bind_message(std::uint8_t capability);

    Authority authority_;
    PciFunction function_{runtime::IoPorts{}, {}};
    RegisterPlaces places_;
    BarPlace message_table_; // length 0: the device has no MSI-X and interrupts by its line
    std::uint64_t message_table_address_ = 0;
    virtio_pci_common_cfg volatile* common_ = nullptr;
    virtio_blk_config volatile* device_ = nullptr;
    std::uint8_t volatile* interrupt_status_ = nullptr;
    std::uint16_t volatile* doorbell_ = nullptr;
    std::uint64_t notify_address_ = 0;
    std::uint16_t queue_size_ = 0;
    DeviceLimits limits_;
    std::string_view failure_ = "no virtio block device";
};

} // namespace block_driver
