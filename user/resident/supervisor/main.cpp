// SPDX-License-Identifier: Apache-2.0
// The supervisor: starts block driver, migrator and console in this order (R19), each when the one before has
// all it needs; then has the checkpoint restored and joins the persistent console
// endpoint to this boot's console.
#include "hand_out.hpp"

#include <abi/resident_events.hpp>
#include <runtime/client/capability_page.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/log.hpp>
#include <runtime/client/migrator.hpp>
#include <runtime/client/process.hpp>
#include <runtime/print.hpp>
#include <runtime/program.hpp>
#include <runtime/request.hpp>

namespace supervisor {

namespace {

using abi::ProgramSlot;
using runtime::Result;
using runtime::Slot;

constinit std::uint64_t ready = 0;

void note(std::string_view what, runtime::Error error) {
    if (error == runtime::Error::none) return;
    static_cast<void>(runtime::print_line(runtime::Log{abi::SupervisorSlot::log}, "supervisor: ", what, ": ",
                                          abi::describe(error).name));
}

// Nobody calls the supervisor: what is not an event is refused.
void wait_for_event(runtime::Request& request) {
    request.wait();
    if (request.is_event()) ready |= request.bits();
    else request.complete(Result<>(runtime::fail(runtime::Error::bad_operation)));
}

void start(runtime::Request& request, Program program, std::string_view name, Result<> handed_out) {
    note(name, handed_out.error);
    note(name, runtime::Process{slot_of(program, ProgramSlot::process)}.resume(true).error);
    auto const bit = abi::ready_event(static_cast<unsigned>(program));
    while ((ready & bit) == 0) wait_for_event(request);
}

void tell_console(abi::ConsoleEvent event) {
    note("console",
         runtime::Endpoint{slot_of(Program::console, ProgramSlot::endpoint)}.post(abi::bits(event)).error);
}

// Persistent processes hold an entry to the endpoint in the root page; from here on this boot's console
// receives it (R18).
Result<> bind_console() {
    runtime::CapabilityPage const root{OwnSlot::root_page};
    TRY(root.fetch(abi::slot(abi::RootSlot::console), OwnSlot::console_endpoint));
    return runtime::Endpoint{OwnSlot::console_endpoint}.bind(slot_of(Program::console, ProgramSlot::process));
}

void restore() {
    runtime::Migrator const migrator{OwnSlot::migrator};
    auto const restored = migrator.restore(OwnSlot::root_page);
    note("restore", restored.error);
    if (restored.failed()) return tell_console(abi::ConsoleEvent::failed);
    note("binding the console", bind_console().error);
    note("the list of processes", hand_out_processes().error);
    tell_console(abi::ConsoleEvent::restored);
    note("resume", migrator.resume().error);
}

} // namespace

} // namespace supervisor

extern "C" int main(std::uint64_t) {
    using namespace supervisor;
    runtime::Request request(OwnSlot::received);
    start(request, Program::block_driver, "block driver", hand_out_to_block_driver());
    start(request, Program::migrator, "migrator", hand_out_to_migrator());
    start(request, Program::console, "console", hand_out_to_console());
    restore();
    for (;;) wait_for_event(request);
}
