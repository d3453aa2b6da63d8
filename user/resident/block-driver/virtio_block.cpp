// SPDX-License-Identifier: Apache-2.0
// Virtio 1.1: initialisation (3.1.1), PCI transport (4.1), block device (5.2), MSI-X (PCI local
// bus 3.0, 6.8.2).
#include "virtio_block.hpp"

#include <abi/resident_events.hpp>

#include <linux/pci_regs.h>
#include <linux/virtio_ids.h>

#include <bit>

namespace block_driver {

namespace {

constexpr std::uint16_t virtio_vendor = 0x1af4;
constexpr std::uint16_t modern_device_base = 0x1040;
constexpr std::uint32_t sector = 512;
constexpr std::uint32_t request_bytes_max = 1 << 20;
constexpr unsigned reset_tries = 1'000'000;

constexpr std::uint64_t feature(unsigned bit) { return std::uint64_t{1} << bit; }
// Without FLUSH the device would turn its cache off by itself, and every missing barrier would stay hidden.
constexpr std::uint64_t required = feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_BLK_F_FLUSH);
constexpr std::uint64_t understood = required | feature(VIRTIO_BLK_F_SIZE_MAX) |
                                     feature(VIRTIO_BLK_F_SEG_MAX) | feature(VIRTIO_BLK_F_RO) |
                                     feature(VIRTIO_BLK_F_BLK_SIZE);

// An entry of the MSI-X table.
struct MessageEntry {
    std::uint32_t address_low;  // 0
    std::uint32_t address_high; // 4
    std::uint32_t data;         // 8
    std::uint32_t control;      // 12: bit 0 masks the entry
};
static_assert(base::WireType<MessageEntry> && sizeof(MessageEntry) == 16);

// Registers have addresses, not objects: this is where one becomes the other.
template <class T>
T volatile* registers_at(std::uint64_t address) {
    return std::bit_cast<T volatile*>(address);
}

} // namespace

Result<> VirtioBlock::refuse(std::string_view why) {
    failure_ = why;
    return base::fail(abi::Error::device_failed);
}

Result<> VirtioBlock::open() {
    runtime::IoPorts const ports{authority_.io_ports};
    function_ =
        PciFunction(ports, TRY(find_function(ports, virtio_vendor, modern_device_base + VIRTIO_ID_BLOCK)));
    failure_ = "the virtio block device cannot be mapped";
    TRY(function_.enable());
    places_ = TRY(find_registers(function_));
    BarWindows windows(function_,
                       {runtime::DeviceMemory{authority_.device_memory},
                        runtime::DeviceMemory{authority_.high_device_memory}},
                       authority_.space, authority_.bar_memory);
    for (auto const& place : {places_.common, places_.notify, places_.interrupt_status, places_.device})
        TRY(windows.announce(place));
    if (auto const at = TRY(function_.capability(PCI_CAP_ID_MSIX)); at != 0) {
        std::uint32_t const table = TRY(function_.read32(at + PCI_MSIX_TABLE));
        message_table_ = {static_cast<std::uint8_t>(table & PCI_MSIX_TABLE_BIR),
                          table & PCI_MSIX_TABLE_OFFSET, sizeof(MessageEntry)};
        TRY(windows.announce(message_table_));
    }
    TRY(windows.map_all());
    common_ = registers_at<virtio_pci_common_cfg>(windows.address(places_.common));
    device_ = registers_at<virtio_blk_config>(windows.address(places_.device));
    interrupt_status_ = registers_at<std::uint8_t>(windows.address(places_.interrupt_status));
    notify_address_ = windows.address(places_.notify);
    if (message_table_.length != 0) message_table_address_ = windows.address(message_table_);
    return negotiate();
}

Result<> VirtioBlock::negotiate() {
    reset();
    common_->device_status = VIRTIO_CONFIG_S_ACKNOWLEDGE;
    common_->device_status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
    std::uint64_t offered = 0;
    for (unsigned half = 0; half < 2; ++half) {
        common_->device_feature_select = half;
        offered |= std::uint64_t{common_->device_feature} << (32 * half);
    }
    if ((offered & feature(VIRTIO_F_VERSION_1)) == 0)
        return refuse("the virtio block device lacks VERSION_1");
    if ((offered & feature(VIRTIO_BLK_F_FLUSH)) == 0) return refuse("the virtio block device lacks FLUSH");
    std::uint64_t const accepted = offered & understood;
    for (unsigned half = 0; half < 2; ++half) {
        common_->guest_feature_select = half;
        common_->guest_feature = static_cast<std::uint32_t>(accepted >> (32 * half));
    }
    constexpr std::uint8_t agreed =
        VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK;
    common_->device_status = agreed;
    if ((common_->device_status & VIRTIO_CONFIG_S_FEATURES_OK) == 0)
        return refuse("the virtio block device refuses the features it offered");
    if ((accepted & feature(VIRTIO_BLK_F_RO)) != 0) return refuse("the virtio block device is read-only");
    if ((accepted & feature(VIRTIO_BLK_F_BLK_SIZE)) != 0 && device_->blk_size != sector)
        return refuse("the virtio block device has no sectors of 512 bytes");
    std::uint32_t bytes_max = request_bytes_max;
    if ((accepted & feature(VIRTIO_BLK_F_SIZE_MAX)) != 0 && device_->size_max < bytes_max)
        bytes_max = device_->size_max;
    limits_ = {device_->capacity, bytes_max / sector};
    common_->queue_select = 0;
    std::uint16_t const size = common_->queue_size;
    queue_size_ = size < Virtqueue::size_max ? std::bit_floor(size) : Virtqueue::size_max;
    if (queue_size_ < Virtqueue::chain_length || limits_.sectors_per_request_max == 0)
        return refuse("the virtio block device is too narrow for a request");
    return {};
}

Result<> VirtioBlock::start(QueueAddresses const& queue) {
    common_->queue_select = 0;
    common_->queue_size = queue_size_;
    common_->queue_desc_lo = static_cast<std::uint32_t>(queue.descriptors);
    common_->queue_desc_hi = static_cast<std::uint32_t>(queue.descriptors >> 32);
    common_->queue_avail_lo = static_cast<std::uint32_t>(queue.available);
    common_->queue_avail_hi = static_cast<std::uint32_t>(queue.available >> 32);
    common_->queue_used_lo = static_cast<std::uint32_t>(queue.used);
    common_->queue_used_hi = static_cast<std::uint32_t>(queue.used >> 32);
    TRY(bind_interrupt());
    std::uint64_t const offset = std::uint64_t{common_->queue_notify_off} * places_.notify_multiplier;
    if (offset + 2 > places_.notify.length)
        return refuse("the virtio block device notifies outside its registers");
    doorbell_ = registers_at<std::uint16_t>(notify_address_ + offset);
    common_->queue_enable = 1;
    common_->device_status = static_cast<std::uint8_t>(common_->device_status | VIRTIO_CONFIG_S_DRIVER_OK);
    return {};
}

Result<> VirtioBlock::bind_interrupt() {
    std::uint8_t const at = TRY(function_.capability(PCI_CAP_ID_MSIX));
    if (at != 0) return bind_message(at);
    std::uint8_t const line = TRY(function_.read8(PCI_INTERRUPT_LINE));
    TRY(runtime::Irq{authority_.irq}.narrow(line, authority_.line));
    runtime::Irq const irq{authority_.line};
    TRY(irq.bind(authority_.endpoint, abi::bits(abi::BlockDriverEvent::interrupt)));
    return irq.acknowledge();
}

Result<> VirtioBlock::bind_message(std::uint8_t capability) {
    auto const message = TRY(runtime::Irq{authority_.irq}.allocate_message(
        authority_.endpoint, abi::bits(abi::BlockDriverEvent::interrupt)));
    auto* const entry = registers_at<MessageEntry>(message_table_address_);
    entry->address_low = static_cast<std::uint32_t>(message.address);
    entry->address_high = static_cast<std::uint32_t>(message.address >> 32);
    entry->data = message.data;
    entry->control = 0;
    // The control register is the upper half of the capability's first word; the lower half is read-only.
    std::uint32_t const word = TRY(function_.read32(capability));
    std::uint32_t const enabled = std::uint32_t{PCI_MSIX_FLAGS_ENABLE} << 16;
    std::uint32_t const masked = std::uint32_t{PCI_MSIX_FLAGS_MASKALL} << 16;
    TRY(function_.write32(capability, (word | enabled) & ~masked));
    common_->msix_config = VIRTIO_MSI_NO_VECTOR;
    common_->queue_msix_vector = 0;
    if (common_->queue_msix_vector != 0)
        return refuse("the virtio block device refuses its interrupt vector");
    return {};
}

void VirtioBlock::notify() { *doorbell_ = 0; }

Result<> VirtioBlock::acknowledge() {
    if (message_table_.length != 0) return {};
    [[maybe_unused]] std::uint8_t const cause = *interrupt_status_; // the read lowers the line
    return runtime::Irq{authority_.line}.acknowledge();
}

void VirtioBlock::reset() {
    common_->device_status = 0;
    // The device writes 0 when it is done (4.1.4.3.2); a device that never does is not waited for for ever.
    for (unsigned tries = 0; tries < reset_tries && common_->device_status != 0; ++tries) {}
}

} // namespace block_driver
