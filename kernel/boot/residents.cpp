// SPDX-License-Identifier: Apache-2.0
// One process a resident program: space, capability page, register page, stack, schedule, endpoints.
#include <boot/residents.hpp>

#include <abi/boot_info.hpp>
#include <abi/virtual_registers.hpp>

#include <algorithm>

namespace kernel {

namespace {

constexpr std::uint32_t stack_pages_max = 64;
constexpr std::uint32_t lowest_priority = 24;

Target make_endpoint(ResidentObjects& objects, Target process, bool single_use) {
    auto const endpoint = objects.object<abi::Endpoint>(abi::FrameType::endpoint);
    auto& fields = objects.write<abi::Endpoint>(endpoint);
    fields.payload_match = single_use ? 1 : 0;
    fields.event_mask = ~std::uint64_t{0};
    objects.store(object_slot(abi::FrameType::endpoint, endpoint, 0),
                  objects.capability(abi::CapabilityType::process, process));
    return endpoint;
}

Target make_schedule(ResidentObjects& objects, std::uint32_t priority) {
    auto const schedule = objects.object<abi::Schedule>(abi::FrameType::schedule);
    objects.write<abi::Schedule>(schedule).priority =
        std::clamp(priority, lowest_priority, abi::priority_count - 1);
    return schedule;
}

void map_stack(ResidentObjects& objects, ResidentSpace& space, std::uint32_t pages) {
    auto const count = std::clamp(pages, 1u, stack_pages_max);
    for (std::uint32_t i = 1; i <= count; ++i)
        space.map(UserAddress(abi::virtual_registers_address - i * abi::frame_size),
                  objects.page(abi::FrameType::data_page), abi::Right::no_execute);
}

struct ProcessParts {
    FrameIndex register_page;
    Target schedule;
};

void fill_slots(ResidentObjects& objects, Resident const& resident, ProcessParts parts) {
    auto const store = [&](abi::ProcessSlot slot, abi::CapabilityType type, Target target) {
        objects.store(
            object_slot(abi::FrameType::process, resident.process, static_cast<std::uint32_t>(slot)),
            objects.capability(type, target));
    };
    store(abi::ProcessSlot::address_space, abi::CapabilityType::patt, resident.space);
    store(abi::ProcessSlot::capability_space, abi::CapabilityType::capability_page,
          {resident.capability_page, 0});
    store(abi::ProcessSlot::schedule, abi::CapabilityType::schedule, parts.schedule);
    store(abi::ProcessSlot::virtual_registers, abi::CapabilityType::data_page, {parts.register_page, 0});
    auto const reply = make_endpoint(objects, resident.process, true);
    store(abi::ProcessSlot::reply_endpoint, abi::CapabilityType::endpoint, reply);
    // The process receives its replies there: endpoint capabilities without rights can do nothing.
    auto const slot = object_slot(abi::FrameType::process, resident.process,
                                  static_cast<std::uint32_t>(abi::ProcessSlot::reply_endpoint));
    objects.store(slot, objects.capability(abi::CapabilityType::endpoint, reply, abi::endpoint_permissions));
}

Resident make_resident(ResidentObjects& objects, abi::ResidentProgram const& program, base::ConstBytes file,
                       FrameIndex boot_info) {
    ResidentSpace space(objects);
    auto const entry = load_program(objects, space, name_of(program), file);
    map_stack(objects, space, program.stack_pages);
    auto const register_page = objects.page(abi::FrameType::data_page);
    space.map(UserAddress(abi::virtual_registers_address), register_page, abi::Right::no_execute);
    space.map(UserAddress(abi::boot_info_address), boot_info, abi::Right::read_only | abi::Right::no_execute);

    Resident resident{.name = name_of(program),
                      .process = objects.object<abi::Process>(abi::FrameType::process),
                      .endpoint = {},
                      .space = space.root(),
                      .capability_page = objects.page(abi::FrameType::capability_page)};
    resident.endpoint = make_endpoint(objects, resident.process, false);
    auto& process = objects.write<abi::Process>(resident.process);
    process.registers.rip = entry.raw();
    process.registers.rsp = abi::virtual_registers_address;
    process.name = program.name;
    fill_slots(objects, resident, {register_page, make_schedule(objects, program.priority)});
    return resident;
}

} // namespace

void make_residents(ResidentObjects& objects, base::ConstBytes image, FrameIndex boot_info,
                    Residents& residents) {
    auto const& header = check_resident_image(image);
    for (auto const& program : std::span(header.programs).first(header.program_count))
        residents.push_back(
            make_resident(objects, program, image.subspan(program.offset, program.size), boot_info));
    objects.write<abi::Process>(residents[0].process).state = abi::RunState::ready;
}

} // namespace kernel
