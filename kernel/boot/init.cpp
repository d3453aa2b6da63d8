// SPDX-License-Identifier: Apache-2.0
// The start of the kernel as one list: what the loader said, the machine, the pools,
// the resident programs, user mode.
#include <boot/kernel_state.hpp>
#include <boot/machine.hpp>
#include <boot/options.hpp>
#include <boot/root_capabilities.hpp>

#include <entry/leave.hpp>
#include <mapping/start.hpp>
#include <memory/start.hpp>

#include <core/panic.hpp>

#include <arch/clock.hpp>
#include <arch/cpuid.hpp>
#include <arch/direct_map.hpp>
#include <arch/interrupts.hpp>
#include <arch/registers.hpp>
#include <arch/serial.hpp>
#include <arch/xsave.hpp>

#include <abi/boot_info.hpp>
#include <abi/revision.hpp>

namespace kernel {

namespace {

constinit Processor first_processor{};

void obey_command_line(Kernel& kernel) {
    kernel.core.amnesia_interval = parse_options(kernel.boot.command()).amnesia_interval;
}

// Storage of every pool; what is left becomes the frame cache. The DMA arena stays outside of it (R12).
PhysicalRange start_pools(Kernel& kernel) {
    auto& boot = kernel.boot.memory;
    PhysicalRange const dma_arena{boot.take(abi::dma_arena_bytes, 1 << 21), abi::dma_arena_bytes};
    start_frames(kernel.memory, boot);
    start_mappings(kernel, boot);
    start_sched(kernel, boot);
    free_remaining(kernel.memory, boot);
    return dma_arena;
}

void fill_boot_info(ResidentObjects& objects, FrameIndex page, PhysicalRange dma_arena) {
    auto& kernel = objects.kernel();
    auto& info = FrameWriter(kernel, page, 0, objects.committed()).object<abi::BootInfo>();
    info.magic = abi::boot_info_magic;
    info.abi_revision = abi::abi_revision;
    info.command_line_length = static_cast<std::uint32_t>(kernel.boot.command_line_length);
    info.memory_bytes = std::uint64_t{kernel.memory.frames.usable_count()} * abi::frame_size;
    info.frames_free = kernel.memory.frames.free_count();
    info.dma_arena_physical = dma_arena.start.raw();
    info.dma_arena_bytes = dma_arena.bytes;
    info.random[0] = arch::random_word();
    info.random[1] = arch::random_word();
    info.wall_seconds = arch::read_wall_clock();
    info.processor_features = arch::available_vector_features();
    info.timestamp_per_ms = arch::timestamp_per_ms();
    info.command_line = kernel.boot.command_line;
}

// Loads the programs, gives the supervisor all authority, and makes it the first process to run.
void start_residents(Kernel& kernel, PhysicalRange dma_arena) {
    auto const committed = Committed::for_unit("boot");
    ResidentObjects objects(kernel, committed);
    auto const boot_info = objects.page(abi::FrameType::data_page);
    auto const module = kernel.boot.module;
    base::ConstBytes const image(arch::direct_map(module.start), module.bytes);
    Residents residents;
    make_residents(objects, image, boot_info, residents);
    give_root_capabilities(objects, residents,
                           {.dma_arena = dma_arena, .device_space = kernel.boot.device_space});
    fill_boot_info(objects, boot_info, dma_arena);

    auto const supervisor = kernel.memory.frames[residents[0].process.frame].id;
    auto const live = kernel.queues.live().enter(supervisor);
    invariant(static_cast<bool>(live));
    kernel.queues.make_ready(*live);
    for (auto const& resident : residents) log("resident program ", resident.name);
}

} // namespace

extern "C" [[noreturn]] void kernel_start(std::uint32_t loader_magic, std::uint64_t information);

void kernel_start(std::uint32_t loader_magic, std::uint64_t information) {
    auto const entered = arch::timestamp();
    auto& kernel = kernel_state();
    arch::start_serial();
    log("Stele, ABI revision ", abi::abi_revision);
    read_description(kernel.boot, loader_magic, information);
    obey_command_line(kernel);
    start_machine(kernel.boot, first_processor);
    kernel.persistent_clock.start_wall(arch::read_wall_clock());
    auto const dma_arena = start_pools(kernel);
    start_residents(kernel, dma_arena);
    log(kernel.memory.frames.usable_count(), " frames, ", kernel.memory.frames.free_count(), " free; ",
        arch::timestamp_per_ms(), " ticks a millisecond, entered at tick ", entered);
    kernel.core.lock.acquire();
    arch::start_timer();
    leave(kernel, first_processor);
}

} // namespace kernel
