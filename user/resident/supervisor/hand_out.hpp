// SPDX-License-Identifier: Apache-2.0
// Which authority each resident program gets: the supervisor holds all of it at boot and
// gives each the least it needs.
#pragma once

#include <abi/boot_slots.hpp>
#include <runtime/slot.hpp>

#include <cstdint>

namespace supervisor {

// Resident programs by their place in the resident image.
enum class Program : std::uint64_t {
    block_driver = 1,
    migrator = 2,
    console = 3,
};

// The payloads of the entries to the migrator, which tell its callers apart.
enum class MigratorCaller : std::uint32_t {
    supervisor = 1,
    console = 2,
};

// The supervisor's own slots behind those of the programs.
enum class OwnSlot : std::uint64_t {
    made = 64,             // a capability on its way to a program
    migrator = 65,         // entry to the migrator
    root_page = 66,        // the persistent root capability page, after restore
    console_endpoint = 67, // the persistent endpoint in it
    found = 68,            // what stands in the root page on its way to the console
    received = 72,         // four slots
};

// A slot of the supervisor's page that concerns a program.
constexpr runtime::Slot slot_of(Program program, abi::ProgramSlot slot) {
    return runtime::Slot(abi::slot(abi::SupervisorSlot::program_base) + 4 * (abi::slot(program) - 1) +
                         abi::slot(slot));
}

// Fills the program's capability page and, for driver and migrator, maps the DMA
// arena. What fails is in the log.
runtime::Result<> hand_out_to_block_driver();
runtime::Result<> hand_out_to_migrator();
runtime::Result<> hand_out_to_console();
// After restore: what the root page holds for the console's operator.
runtime::Result<> hand_out_processes();

} // namespace supervisor
