// SPDX-License-Identifier: Apache-2.0
// The migrator: owns the store. One loop over fetches, commits and migration, in this order of priority.
#include "migrator.hpp"

#include <abi/boot_info.hpp>
#include <abi/boot_slots.hpp>

#include <bit>

extern "C" void main();

namespace migrator {

namespace {

using abi::ResidentSlot;

// All memory of the store: taken here, never later. The engine halves its bound on
// unmigrated entries until it fits.
constexpr std::size_t table_memory_bytes = 6 << 20;
alignas(64) constinit std::byte table_memory[table_memory_bytes]{};

constexpr runtime::Slot scratch(std::uint64_t offset) {
    return runtime::Slot(abi::slot(ResidentSlot::scratch) + offset);
}

[[noreturn]] void run() {
    static_assert(sizeof(Migrator) <
                  8 * abi::frame_size / 2); // it stands on the stack, beside what the store calls
    Migrator migrator({
        .arena = {std::bit_cast<std::byte*>(abi::dma_arena_address), abi::dma_arena_bytes},
        .tables = table_memory,
        .boot = *std::bit_cast<abi::BootInfo const*>(abi::boot_info_address),
        .log = ResidentSlot::log,
        .clock = ResidentSlot::clock,
        .endpoint = ResidentSlot::endpoint,
        .supervisor = ResidentSlot::supervisor,
        .console = ResidentSlot::console,
        .block_driver = ResidentSlot::block_driver,
        .checkpoint = ResidentSlot::checkpoint,
        .object_source = ResidentSlot::object_source,
        .root = scratch(0),
        .received = scratch(8),
    });
    migrator.start();
    for (;;) migrator.round();
}

} // namespace

} // namespace migrator

extern "C" void main() { migrator::run(); }
