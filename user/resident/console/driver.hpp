// SPDX-License-Identifier: Apache-2.0
// The console: serves Console on the persistent endpoint, tells about checkpoints, obeys what is typed.
//   status, checkpoint, off; stop, resume, inspect, kill with the name of a process: the console's own
//   commands; every other line goes to the reader
// It stands above the migrator (R19): it is told by events and asks by Migrator.status.
#pragma once

#include "boot_words.hpp"
#include "line_queue.hpp"
#include "paced_replies.hpp"
#include "process_list.hpp"
#include "screen.hpp"

#include <abi/boot_info.hpp>
#include <runtime/client/checkpoint.hpp>
#include <runtime/client/clock.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/log.hpp>
#include <runtime/client/migrator.hpp>
#include <runtime/client/system_control.hpp>
#include <runtime/server/console.hpp>

namespace console {

using runtime::Result;

// What the machine leaves with through isa-debug-exit.
inline constexpr std::uint8_t orderly_off = 0x10;
inline constexpr std::uint8_t cannot_restore = 0x11;

struct Authority {
    runtime::Slot clock, endpoint, supervisor, system_control, checkpoint, migrator, io_ports, irq, log;
    runtime::Slot reader; // holds the reply entry of the reader
    runtime::Slot paced;  // from here on 32 slots for replies held back
    ProcessList::Authority processes;
};

class Driver {
public:
    Driver(Authority const& authority, abi::BootInfo const& boot);

    // The device is up and everything is allocated: prints the first line and tells the supervisor.
    void start();

    // For runtime::serve().
    bool dispatch(runtime::Request& request) { return runtime::console_server::dispatch(*this, request); }
    void event(std::uint64_t bits);

    // Console's methods.
    Result<> write(runtime::Request& request, runtime::console_server::WriteArguments const& arguments);
    Result<runtime::console_server::ReadLineResult> read_line(runtime::Request& request);
    Result<> write_now(runtime::Request& request,
                       runtime::console_server::WriteNowArguments const& arguments);

private:
    using Status = runtime::Migrator::StatusResult;

    // What was typed.
    void take_input();
    void take_line(std::string_view line);
    void give_to_reader(std::string_view line);
    // One process, by its name. False: the line is no such command.
    bool take_process_command(std::string_view line);
    void stop_process(std::string_view name);
    void resume_process(std::string_view name);
    void inspect_process(std::string_view name);
    void list_processes(std::string_view verb, std::string_view wrong);
    void told(std::string_view name, std::string_view done, runtime::Error error);
    void draw_prompt();
    // What the kernel and the programs below this one have to say.
    void print_log();
    // What the migrator tells.
    void print_boot();
    void restored();
    void committed();
    void failed();
    void print_committed(Status const& status, std::string_view end);
    void print_counters();
    void power_off(std::uint8_t status);
    void request_checkpoint();
    void request_off();
    // Time.
    void work_off_due();
    void set_alarm();
    std::uint64_t now() const;
    Status status() const;

    Authority authority_;
    abi::BootInfo const& boot_;
    BootWords words_;
    Serial serial_;
    LineEditor editor_{};
    Screen screen_;
    LineQueue typed_ahead_{};
    PacedReplies paced_;
    ProcessList processes_;

    std::uint64_t log_position_ = 0;
    base::TextBuffer<512> log_line_{}; // the beginning of a line whose end is not there yet
    bool reader_waits_ = false;
    std::uint32_t reader_payload_ = 0;
    bool restored_ = false;
    bool held_ = false;
    std::uint64_t generation_known_ = 0;   // the newest that migrator told
    std::uint64_t generation_printed_ = 0; // of the last committed line
    std::uint64_t requests_served_ = 0;
    std::uint64_t off_wanted_at_ = PacedReplies::never; // when `off` was typed
    std::uint64_t print_after_ = 0;                     // no unasked committed line before this time
    std::uint64_t alarm_ = PacedReplies::never;
};

} // namespace console
