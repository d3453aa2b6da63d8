// SPDX-License-Identifier: Apache-2.0
// The test program's hold on the assistant.
#include <harness/assistant.hpp>

#include <runtime/client/patt.hpp>

#include <abi/objects/patt.hpp>
#include <abi/virtual_registers.hpp>

namespace tests {

namespace {

// Every program is linked to start here (cmake/user.ld).
constexpr std::uint64_t entry_point = 0x40'0000;

} // namespace

runtime::Process assistant() { return runtime::Process{program_slot(1, abi::ProgramSlot::process)}; }

void stop_assistant() { check(!assistant().stop().failed(), "the assistant can be stopped"); }

void start_assistant(Action action, std::uint64_t parameter) {
    stop_assistant();
    auto const set = assistant().set_registers(entry_point, abi::virtual_registers_address,
                                               with_parameter(action, parameter));
    check_error(abi::Error::none, set.error, "registers of the stopped assistant can be set");
    check_error(abi::Error::none, assistant().resume(true).error, "the assistant can be started");
}

bool share_page(runtime::Slot page, runtime::Slot space, runtime::Slot scratch) {
    constexpr auto empty = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
    runtime::Patt const root{space};
    for (std::uint64_t slot = 0; slot < abi::patt_slots; ++slot) {
        auto const pair = root.fetch(slot, scratch);
        if (pair.failed() || (pair->prefix != empty && pair->prefix != shared_address)) continue;
        return check(!root.store(slot, shared_address, page).failed(), "a page is shared");
    }
    return check(false, "a space has room for the shared page");
}

runtime::Process::StateResult wait_for_fault(unsigned yields) {
    runtime::Process::StateResult state;
    for (unsigned i = 0; i < yields; ++i) {
        auto const found = assistant().state();
        if (!check_error(abi::Error::none, found.error, "the assistant's state can be read")) return state;
        state = *found;
        if (state.state == static_cast<std::uint8_t>(abi::RunState::faulted) ||
            state.state == static_cast<std::uint8_t>(abi::RunState::reported))
            return state;
        runtime::yield();
    }
    check(false, "the assistant faults");
    return state;
}

} // namespace tests
