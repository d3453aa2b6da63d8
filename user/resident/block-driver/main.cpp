// SPDX-License-Identifier: Apache-2.0
// The block driver: one virtio block device behind two rings. Sleeps until a doorbell or an interrupt comes.
#include "virtio_block.hpp"

#include <abi/boot_info.hpp>
#include <abi/boot_slots.hpp>
#include <abi/resident_events.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/log.hpp>
#include <runtime/print.hpp>
#include <runtime/request.hpp>

#include <bit>
#include <cstring>

extern "C" void main();

namespace block_driver {

namespace {

using abi::ResidentSlot;

constexpr unsigned program_index = 1; // in the resident image

constexpr runtime::Slot scratch(std::uint64_t offset) {
    return runtime::Slot(abi::slot(ResidentSlot::scratch) + offset);
}

constexpr Authority authority{
    .io_ports = ResidentSlot::io_ports,
    .device_memory = ResidentSlot::device_memory,
    .high_device_memory = ResidentSlot::high_device_memory,
    .irq = ResidentSlot::irq,
    .endpoint = ResidentSlot::endpoint,
    .space = ResidentSlot::own_space,
    .bar_memory = scratch(0),
    .line = scratch(1),
};
constexpr runtime::Slot received = scratch(8);

void post(ResidentSlot endpoint, std::uint64_t bits) {
    // Whoever does not listen is told nothing; nobody here waits for an answer.
    static_cast<void>(runtime::Endpoint{endpoint}.post(bits));
}

// From here on the migrator may look: everything else of the rings was written before.
void publish(abi::BlockRings& rings, abi::Error error) {
    rings.device_error = static_cast<std::uint32_t>(error);
    rings.magic = abi::block_rings_magic;
    post(ResidentSlot::supervisor, abi::ready_event(program_index));
}

// Nobody calls the driver: a message has no operation of its own and is refused.
std::uint64_t next_events(runtime::Request& request) {
    request.wait();
    if (request.is_event()) return request.bits();
    request.complete(runtime::Result<>(runtime::fail(abi::Error::bad_operation)));
    return 0;
}

[[noreturn]] void serve(VirtioBlock& device, BlockQueue& queue, abi::BlockRings& rings) {
    runtime::Request request(received);
    bool stopped = false;
    for (;;) {
        std::uint64_t const events = next_events(request);
        if ((events & abi::bits(abi::BlockDriverEvent::interrupt)) != 0) {
            ++rings.interrupts;
            static_cast<void>(device.acknowledge());
        }
        bool const news = queue.complete();
        if (!queue.broken() && queue.take()) device.notify();
        if (queue.complete() || news) post(ResidentSlot::migrator, abi::bits(abi::MigratorEvent::completion));
        if (queue.broken() && !stopped) {
            device.reset();
            stopped = true;
        }
    }
}

[[noreturn]] void refuse(abi::BlockRings& rings, std::string_view why) {
    static_cast<void>(runtime::print_line(runtime::Log{ResidentSlot::log}, "block driver: ", why));
    publish(rings, abi::Error::device_failed);
    runtime::Request request(received);
    for (;;) next_events(request);
}

[[noreturn]] void run() {
    base::Bytes const arena(std::bit_cast<std::byte*>(abi::dma_arena_address), abi::dma_arena_bytes);
    std::memset(arena.data(), 0, abi::block_data_offset);
    auto& rings = base::view<abi::BlockRings>(arena);
    auto const& info = *std::bit_cast<abi::BootInfo const*>(abi::boot_info_address);

    VirtioBlock device(authority);
    if (device.open().failed()) refuse(rings, device.failure());
    Virtqueue virtqueue(arena.subspan(queue_offset, Virtqueue::memory_bytes),
                        info.dma_arena_physical + queue_offset, device.queue_size());
    BlockQueue queue(arena, info.dma_arena_physical, virtqueue, device.limits());
    if (device.start(virtqueue.addresses()).failed()) refuse(rings, device.failure());
    rings.capacity_sectors = device.limits().capacity_sectors;
    rings.sectors_per_request_max = device.limits().sectors_per_request_max;
    static_cast<void>(runtime::print_line(runtime::Log{ResidentSlot::log},
                                          "block driver: ", rings.capacity_sectors, " sectors, queue of ",
                                          device.queue_size()));
    publish(rings, abi::Error::none);
    serve(device, queue, rings);
}

} // namespace

} // namespace block_driver

extern "C" void main() { block_driver::run(); }
