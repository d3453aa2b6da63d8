// SPDX-License-Identifier: Apache-2.0
// The capabilities that no other capability makes.
#include <boot/root_capabilities.hpp>

#include <arch/interrupts.hpp>
#include <cap/encodings.hpp>

#include <abi/boot_slots.hpp>

namespace kernel {

namespace {

constexpr std::uint32_t resident_frame_limit = 1024;
constexpr std::uint32_t port_count = 0x1'0000;

abi::Capability device_memory(PhysicalRange range) {
    return device_memory_capability(range.start.raw(), range.bytes);
}

void give_programs(ResidentObjects& objects, Residents const& residents) {
    auto const page = residents[0].capability_page;
    for (std::uint32_t i = 1; i < residents.size(); ++i) {
        auto const& program = residents[i];
        auto const first =
            static_cast<std::uint32_t>(abi::slot(abi::SupervisorSlot::program_base)) + 4 * (i - 1);
        auto const give = [&](abi::ProgramSlot slot, abi::Capability capability) {
            objects.store(page_slot(page, first + static_cast<std::uint32_t>(slot)), capability);
        };
        using Type = abi::CapabilityType;
        give(abi::ProgramSlot::process, objects.capability(Type::process, program.process));
        give(abi::ProgramSlot::capability_page,
             objects.capability(Type::capability_page, {program.capability_page, 0}));
        give(abi::ProgramSlot::endpoint,
             objects.capability(Type::endpoint, program.endpoint, abi::endpoint_permissions));
        give(abi::ProgramSlot::address_space, objects.capability(Type::patt, program.space));
    }
}

} // namespace

void give_root_capabilities(ResidentObjects& objects, Residents const& residents, DeviceRanges ranges) {
    using Type = abi::CapabilityType;
    using Slot = abi::SupervisorSlot;
    auto const& supervisor = residents[0];
    auto const give = [&](Slot slot, abi::Capability capability) {
        objects.store(page_slot(supervisor.capability_page, static_cast<std::uint32_t>(slot)), capability);
    };
    give(Slot::log, abi::Capability::miscellaneous(Type::log, abi::log_control));
    give(Slot::clock, abi::Capability::miscellaneous(Type::clock));
    give(Slot::discrim, abi::Capability::miscellaneous(Type::discrim));
    give(Slot::io_ports, io_ports_capability(0, port_count));
    give(Slot::irq, irq_capability(0, arch::line_count));
    give(Slot::device_memory, device_memory(ranges.device_space.low));
    give(Slot::high_device_memory, device_memory(ranges.device_space.high));
    give(Slot::dma_arena,
         device_memory_capability(ranges.dma_arena.start.raw(), ranges.dma_arena.bytes, true));
    give(Slot::object_source, abi::Capability::miscellaneous(Type::object_source));
    give(Slot::checkpoint, abi::Capability::miscellaneous(Type::checkpoint, abi::checkpoint_control));
    give(Slot::system_control, abi::Capability::miscellaneous(Type::system_control));
    give(Slot::frame_range, frame_range_capability(resident_frame_limit));
    give(Slot::own_process, objects.capability(Type::process, supervisor.process));
    give(Slot::own_endpoint,
         objects.capability(Type::endpoint, supervisor.endpoint, abi::endpoint_permissions));
    give_programs(objects, residents);
}

} // namespace kernel
