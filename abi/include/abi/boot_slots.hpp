// SPDX-License-Identifier: Apache-2.0
// The capability slots in which authority stands at boot. The kernel fills the
// supervisor's; the supervisor the others'.
#pragma once

#include <cstdint>

namespace abi {

// Slots of the supervisor's capability page when it starts.
enum class SupervisorSlot : std::uint64_t {
    null = 0,
    log = 1,
    clock = 2,
    discrim = 3,
    io_ports = 4,      // all 65536 ports; IoPorts.narrow makes smaller ones
    irq = 5,           // all lines; Irq.narrow makes one line
    device_memory = 6, // device space below 4 GiB; DeviceMemory.narrow makes smaller ones
    dma_arena = 7,     // the DMA arena
    object_source = 8,
    checkpoint = 9,
    system_control = 10,
    frame_range = 11, // non-persistent frames, with a limit
    own_process = 12,
    own_endpoint = 13,       // receives what the supervisor is told
    high_device_memory = 14, // device space above 4 GiB
    program_base = 16,       // for program i (1..): four slots at program_base + 4 * (i - 1)
};

// Of each other resident program, in this order.
enum class ProgramSlot : std::uint64_t {
    process = 0,
    capability_page = 1,
    endpoint = 2, // with all rights; the program is its receiver
    address_space = 3,
};

// Slots of every resident program's own capability page, filled by the
// supervisor before it starts the program.
enum class ResidentSlot : std::uint64_t {
    null = 0,
    log = 1,
    clock = 2,
    endpoint = 3,       // its own, receive and manage
    supervisor = 4,     // endpoint of the supervisor, send right only: ready events
    system_control = 5, // console only
    checkpoint = 6,     // migrator and console
    object_source = 7,  // migrator only
    block_driver = 8,   // migrator: endpoint (send) of the block driver, for doorbells
    migrator = 9,       // block driver: the same, of the migrator; console: entry to Migrator
    console = 10,       // migrator: endpoint (send) of the console
    io_ports = 11,      // block driver: PCI configuration ports 0xcf8..0xcff; console: the UART's eight
    irq = 12,
    device_memory = 13, // block driver: device space below 4 GiB, for the device's BARs
    dma_arena = 14,
    frame_range = 15,
    own_space = 16,  // own address space (block driver: to map the device's registers)
    well_known = 17, // supervisor only: the persistent root capability page, after restore
    discrim = 18,    // console only
    // Console only, after restore: the root page's slots of these names.
    processes = 19,
    process_heap = 20,
    high_device_memory = 21, // block driver: device space above 4 GiB
    scratch = 32,            // free from here on
};

// Slots of the persistent root capability page (persistent frame 1, R18).
enum class RootSlot : std::uint64_t {
    null = 0,
    console = 1, // endpoint of the console, bound again at every boot
    // Capability page: the processes that the store was made with, each followed by the endpoints that name
    // it as their receiver, in slots 1 to 254; slot 255 holds the page that goes on, or nothing.
    processes = 2,
    process_heap = 3, // heap that admits no frame: it ends processes
};
inline constexpr std::uint64_t process_list_end = 255; // the slot of the page that goes on

// The payload bit of a Checkpoint capability that may take, drain and commit.
inline constexpr std::uint32_t checkpoint_control = 1;
// The payload bit of a Log capability that may attach and read.
inline constexpr std::uint32_t log_control = 1;

constexpr std::uint64_t slot(auto name) { return static_cast<std::uint64_t>(name); }

} // namespace abi
