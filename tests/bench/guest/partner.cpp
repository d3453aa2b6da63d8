// SPDX-License-Identifier: Apache-2.0
// Starting and stopping the partner, from the program that measures.
#include "partner.hpp"

#include <abi/objects/process.hpp>
#include <runtime/client/capability_page.hpp>
#include <runtime/client/process.hpp>

namespace bench {

namespace {

constexpr runtime::Process process{partner(abi::ProgramSlot::process)};

// Where it stood before it ever ran.
struct Beginning {
    std::uint64_t program_counter = 0;
    std::uint64_t stack_pointer = 0;
};
constinit Beginning beginning;

} // namespace

runtime::Result<> start_partner(Role role) {
    if (beginning.program_counter == 0) {
        auto const state = TRY(process.state());
        beginning = {state.program_counter, state.stack_pointer};
    }
    TRY(process.stop());
    TRY(process.set_registers(beginning.program_counter, beginning.stack_pointer,
                              static_cast<std::uint64_t>(role)));
    return process.resume(true);
}

runtime::Result<> stop_partner() { return process.stop(); }

runtime::Result<> give_partner(PartnerSlot to, runtime::Slot from) {
    runtime::CapabilityPage const page{partner(abi::ProgramSlot::capability_page)};
    return page.store(static_cast<std::uint64_t>(to), from);
}

} // namespace bench
