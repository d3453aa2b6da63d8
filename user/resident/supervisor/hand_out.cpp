// SPDX-License-Identifier: Apache-2.0
// One function a program, one line a capability.
#include "hand_out.hpp"

#include <abi/boot_info.hpp>
#include <abi/rights.hpp>
#include <runtime/client/capability_page.hpp>
#include <runtime/client/checkpoint.hpp>
#include <runtime/client/device_memory.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/io_ports.hpp>
#include <runtime/client/irq.hpp>
#include <runtime/client/log.hpp>

namespace supervisor {

using abi::ProgramSlot;
using abi::ResidentSlot;
using abi::SupervisorSlot;
using runtime::Result;
using runtime::Slot;

namespace {

constexpr std::uint16_t pci_configuration_port = 0xcf8;
constexpr std::uint16_t serial_port = 0x3f8;
constexpr std::uint16_t ports_each = 8;
constexpr std::uint32_t serial_line = 4;

class Receiver {
public:
    explicit Receiver(Program program) : program_(program) {}

    Result<> give(ResidentSlot slot, Slot capability) const {
        runtime::CapabilityPage const page{slot_of(program_, ProgramSlot::capability_page)};
        return page.store(abi::slot(slot), capability);
    }
    // What every resident program has.
    Result<> give_common() const {
        TRY(runtime::Log{SupervisorSlot::log}.writer(OwnSlot::made));
        TRY(give(ResidentSlot::log, OwnSlot::made));
        TRY(give(ResidentSlot::clock, SupervisorSlot::clock));
        TRY(give(ResidentSlot::endpoint, slot_of(program_, ProgramSlot::endpoint)));
        return give_event_sender(ResidentSlot::supervisor, SupervisorSlot::own_endpoint);
    }
    // An endpoint whose holder may post events and nothing else.
    Result<> give_event_sender(ResidentSlot slot, Slot endpoint) const {
        TRY(runtime::Endpoint{endpoint}.reduce(static_cast<std::uint8_t>(abi::Right::send), OwnSlot::made));
        return give(slot, OwnSlot::made);
    }
    Result<> give_ports(std::uint16_t first) const {
        TRY(runtime::IoPorts{SupervisorSlot::io_ports}.narrow(first, ports_each, OwnSlot::made));
        return give(ResidentSlot::io_ports, OwnSlot::made);
    }
    Result<> map_arena() const {
        TRY(give(ResidentSlot::dma_arena, SupervisorSlot::dma_arena));
        return runtime::DeviceMemory{SupervisorSlot::dma_arena}.map(
            slot_of(program_, ProgramSlot::address_space), abi::dma_arena_address);
    }

private:
    Program program_;
};

} // namespace

Result<> hand_out_to_block_driver() {
    Receiver const driver(Program::block_driver);
    TRY(driver.give_common());
    TRY(driver.give_ports(pci_configuration_port));
    TRY(driver.map_arena());
    TRY(driver.give(ResidentSlot::irq, SupervisorSlot::irq));
    TRY(driver.give(ResidentSlot::device_memory, SupervisorSlot::device_memory));
    TRY(driver.give(ResidentSlot::high_device_memory, SupervisorSlot::high_device_memory));
    TRY(driver.give(ResidentSlot::own_space, slot_of(Program::block_driver, ProgramSlot::address_space)));
    return driver.give_event_sender(ResidentSlot::migrator,
                                    slot_of(Program::migrator, ProgramSlot::endpoint));
}

Result<> hand_out_to_migrator() {
    Receiver const migrator(Program::migrator);
    TRY(migrator.give_common());
    TRY(migrator.map_arena());
    TRY(migrator.give(ResidentSlot::checkpoint, SupervisorSlot::checkpoint));
    TRY(migrator.give(ResidentSlot::object_source, SupervisorSlot::object_source));
    TRY(migrator.give_event_sender(ResidentSlot::block_driver,
                                   slot_of(Program::block_driver, ProgramSlot::endpoint)));
    TRY(migrator.give_event_sender(ResidentSlot::console, slot_of(Program::console, ProgramSlot::endpoint)));
    runtime::Endpoint const endpoint{slot_of(Program::migrator, ProgramSlot::endpoint)};
    return endpoint.make_entry(static_cast<std::uint32_t>(MigratorCaller::supervisor), OwnSlot::migrator);
}

Result<> hand_out_to_console() {
    Receiver const console(Program::console);
    TRY(console.give_common());
    TRY(console.give(ResidentSlot::log, SupervisorSlot::log));
    TRY(console.give_ports(serial_port));
    TRY(runtime::Irq{SupervisorSlot::irq}.narrow(serial_line, OwnSlot::made));
    TRY(console.give(ResidentSlot::irq, OwnSlot::made));
    TRY(runtime::Checkpoint{SupervisorSlot::checkpoint}.requester(OwnSlot::made));
    TRY(console.give(ResidentSlot::checkpoint, OwnSlot::made));
    TRY(console.give(ResidentSlot::system_control, SupervisorSlot::system_control));
    TRY(console.give(ResidentSlot::discrim, SupervisorSlot::discrim));
    runtime::Endpoint const endpoint{slot_of(Program::migrator, ProgramSlot::endpoint)};
    TRY(endpoint.make_entry(static_cast<std::uint32_t>(MigratorCaller::console), OwnSlot::made));
    return console.give(ResidentSlot::migrator, OwnSlot::made);
}

Result<> hand_out_processes() {
    Receiver const console(Program::console);
    runtime::CapabilityPage const root{OwnSlot::root_page};
    TRY(root.fetch(abi::slot(abi::RootSlot::processes), OwnSlot::found));
    TRY(console.give(ResidentSlot::processes, OwnSlot::found));
    TRY(root.fetch(abi::slot(abi::RootSlot::process_heap), OwnSlot::found));
    return console.give(ResidentSlot::process_heap, OwnSlot::found);
}

} // namespace supervisor
