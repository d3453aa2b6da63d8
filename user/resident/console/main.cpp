// SPDX-License-Identifier: Apache-2.0
// The console driver: resident, user mode, made anew at every boot.
#include "driver.hpp"

#include <abi/boot_slots.hpp>
#include <runtime/program.hpp>
#include <runtime/server_loop.hpp>

#include <bit>

extern "C" int main(std::uint64_t) {
    using abi::ResidentSlot;
    constexpr auto scratch = [](std::uint64_t offset) {
        return runtime::Slot(abi::slot(ResidentSlot::scratch) + offset);
    };
    console::Driver driver({.clock = ResidentSlot::clock,
                            .endpoint = ResidentSlot::endpoint,
                            .supervisor = ResidentSlot::supervisor,
                            .system_control = ResidentSlot::system_control,
                            .checkpoint = ResidentSlot::checkpoint,
                            .migrator = ResidentSlot::migrator,
                            .io_ports = ResidentSlot::io_ports,
                            .irq = ResidentSlot::irq,
                            .log = ResidentSlot::log,
                            .reader = scratch(4),
                            .paced = scratch(8),
                            .processes = {.first_page = ResidentSlot::processes,
                                          .heap = ResidentSlot::process_heap,
                                          .discrim = ResidentSlot::discrim,
                                          .scratch = scratch(40)}},
                           *std::bit_cast<abi::BootInfo const*>(abi::boot_info_address));
    driver.start();
    runtime::serve(driver, scratch(0));
}
