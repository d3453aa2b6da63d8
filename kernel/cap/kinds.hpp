// SPDX-License-Identifier: Apache-2.0
// The kernel's capabilities: one function a type, in the order of the table of types.
#pragma once

#include <cap/invocation.hpp>

namespace kernel {

Reply invoke_null(Invocation& call);
Reply invoke_number(Invocation& call);
Reply invoke_page(Invocation& call);
Reply invoke_capability_page(Invocation& call);
Reply invoke_patt(Invocation& call);
Reply invoke_process(Invocation& call);
Reply invoke_restart(Invocation& call);
Reply invoke_endpoint(Invocation& call);
Reply invoke_entry(Invocation& call);
Reply invoke_heap(Invocation& call);
Reply invoke_frame_range(Invocation& call);
Reply invoke_schedule(Invocation& call);
Reply invoke_clock(Invocation& call);
Reply invoke_discrim(Invocation& call);
Reply invoke_log(Invocation& call);
Reply invoke_irq(Invocation& call);
Reply invoke_io_ports(Invocation& call);
Reply invoke_device_memory(Invocation& call);
Reply invoke_object_source(Invocation& call);
Reply invoke_checkpoint(Invocation& call);
Reply invoke_system_control(Invocation& call);

using CapabilityFunction = Reply (*)(Invocation&);

struct CapabilityKind {
    abi::CapabilityType type;
    CapabilityFunction function;
};

inline constexpr std::array<CapabilityKind, abi::capability_type_count> capability_kinds = {{
    {abi::CapabilityType::null, invoke_null},
    {abi::CapabilityType::number, invoke_number},
    {abi::CapabilityType::data_page, invoke_page},
    {abi::CapabilityType::capability_page, invoke_capability_page},
    {abi::CapabilityType::patt, invoke_patt},
    {abi::CapabilityType::process, invoke_process},
    {abi::CapabilityType::restart, invoke_restart},
    {abi::CapabilityType::endpoint, invoke_endpoint},
    {abi::CapabilityType::entry, invoke_entry},
    {abi::CapabilityType::heap, invoke_heap},
    {abi::CapabilityType::frame_range, invoke_frame_range},
    {abi::CapabilityType::schedule, invoke_schedule},
    {abi::CapabilityType::clock, invoke_clock},
    {abi::CapabilityType::discrim, invoke_discrim},
    {abi::CapabilityType::log, invoke_log},
    {abi::CapabilityType::irq, invoke_irq},
    {abi::CapabilityType::io_ports, invoke_io_ports},
    {abi::CapabilityType::device_memory, invoke_device_memory},
    {abi::CapabilityType::object_source, invoke_object_source},
    {abi::CapabilityType::checkpoint, invoke_checkpoint},
    {abi::CapabilityType::system_control, invoke_system_control},
}};

static_assert(
    [] {
        for (std::size_t i = 0; i < capability_kinds.size(); ++i)
            if (static_cast<std::size_t>(capability_kinds[i].type) != i) return false;
        return true;
    }(),
    "the function of a type stands at the type's number");

} // namespace kernel
