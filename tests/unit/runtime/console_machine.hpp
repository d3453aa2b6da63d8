// SPDX-License-Identifier: Apache-2.0
// The machine around a console driver in tests: clock, serial line, migrator and the
// others, all over the fake kernel.
#pragma once

#include "driver.hpp"

#include <abi/resident_events.hpp>
#include <kernel/dispatch/checkpoint.hpp>
#include <kernel/dispatch/clock.hpp>
#include <kernel/dispatch/endpoint.hpp>
#include <kernel/dispatch/io_ports.hpp>
#include <kernel/dispatch/irq.hpp>
#include <kernel/dispatch/log.hpp>
#include <kernel/dispatch/system_control.hpp>
#include <runtime/server_loop.hpp>

#include "fake_kernel.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace tests {

using abi::ConsoleEvent;
using abi::Error;

constexpr std::uint64_t millisecond = 1'000'000;
enum Name : std::uint64_t {
    clock_slot = 1,
    endpoint,
    supervisor,
    control,
    checkpoint,
    migrator,
    ports,
    irq,
    log,
    first_page,
    heap,
    discrim,
    process_scratch, // three slots
    reader = 20,
    paced
};
constexpr std::uint64_t first_receive_slot = 60;

inline abi::BootInfo boot_info(std::string_view words) {
    abi::BootInfo info{};
    info.memory_bytes = 64 << 20;
    info.command_line_length = static_cast<std::uint32_t>(words.size());
    std::memcpy(info.command_line.data(), words.data(), words.size());
    return info;
}

// The machine around the driver: every object it holds a capability to.
class Console : public ::testing::Test {
protected:
    Console() { build(""); }

    void build(std::string_view words) {
        info = boot_info(words);
        kernel.objects["clock"] = [this](FakeCall& call) { kernel::dispatch_clock(*this, call); };
        kernel.objects["endpoint"] = [this](FakeCall& call) { kernel::dispatch_endpoint(*this, call); };
        kernel.objects["supervisor"] = kernel.objects["endpoint"];
        kernel.objects["control"] = [this](FakeCall& call) { kernel::dispatch_system_control(*this, call); };
        kernel.objects["checkpoint"] = [this](FakeCall& call) {
            ++checkpoint_calls;
            call.replied = {0};
        };
        kernel.objects["ports"] = [this](FakeCall& call) { kernel::dispatch_io_ports(*this, call); };
        kernel.objects["irq"] = [](FakeCall& call) { call.replied = {0}; };
        kernel.objects["log"] = [this](FakeCall& call) { kernel::dispatch_log(*this, call); };
        kernel.objects["migrator"] = [this](FakeCall& call) {
            call.replied = {0,
                            status.boot_number,
                            status.restored_generation,
                            status.processes,
                            status.held,
                            status.torn_newer,
                            status.last_error,
                            status.committed_generation,
                            status.frames,
                            status.taken_at,
                            status.requests_served,
                            status.boots_since_commit,
                            status.features_missing};
        };
        kernel.slots = {{clock_slot, "clock"},
                        {endpoint, "endpoint"},
                        {supervisor, "supervisor"},
                        {control, "control"},
                        {checkpoint, "checkpoint"},
                        {migrator, "migrator"},
                        {ports, "ports"},
                        {irq, "irq"},
                        {log, "log"}};
        driver.emplace(console::Authority{runtime::Slot(clock_slot),
                                          runtime::Slot(endpoint),
                                          runtime::Slot(supervisor),
                                          runtime::Slot(control),
                                          runtime::Slot(checkpoint),
                                          runtime::Slot(migrator),
                                          runtime::Slot(ports),
                                          runtime::Slot(irq),
                                          runtime::Slot(log),
                                          runtime::Slot(reader),
                                          runtime::Slot(paced),
                                          {runtime::Slot(first_page), runtime::Slot(heap),
                                           runtime::Slot(discrim), runtime::Slot(process_scratch)}},
                       info);
    }

    // What has been sent since the last look, with the prompt's redrawing as it is.
    std::string output() { return std::exchange(sent, {}); }

    void event(ConsoleEvent event) { driver->event(abi::bits(event)); }
    void type(std::string_view text) {
        received += text;
        event(ConsoleEvent::interrupt);
    }
    void start_and_restore(std::uint64_t generation = 7) {
        status = {.boot_number = 3,
                  .restored_generation = generation,
                  .processes = 5,
                  .held = false,
                  .torn_newer = false,
                  .last_error = 0,
                  .committed_generation = generation,
                  .frames = 0,
                  .taken_at = 0,
                  .requests_served = 0,
                  .boots_since_commit = 1,
                  .features_missing = 0};
        driver->start();
        event(ConsoleEvent::restored);
        output();
    }
    // A call of a program with this payload; the reply, if any, is the last of kernel.sent.
    void call(std::vector<std::uint64_t> words, std::string const& reply_entry, std::uint32_t payload) {
        kernel.inbox.push_back({std::move(words), {reply_entry}, abi::MessageKind::message, payload});
        ASSERT_TRUE(request.poll());
        runtime::handle(*driver, request);
        ASSERT_FALSE(request.poll());
    }
    void call_write(std::string_view text, std::string const& reply_entry, std::uint64_t operation) {
        std::vector<std::uint64_t> words(2 + (text.size() + 7) / 8);
        words[0] = operation;
        words[1] = text.size();
        std::memcpy(words.data() + 2, text.data(), text.size());
        call(std::move(words), reply_entry, 1);
    }
    void call_read_line(std::string const& reply_entry = "notepad's reply", std::uint32_t payload = 4) {
        call({abi::op::console::read_line}, reply_entry, payload);
    }
    bool answered(std::string const& reply_entry) const {
        for (auto const& message : kernel.sent)
            if (message.to == reply_entry) return true;
        return false;
    }
    std::string text_of_last_reply() const {
        auto const& words = kernel.sent.back().words;
        return {static_cast<char const*>(static_cast<void const*>(words.data() + 2)), words.at(1)};
    }

public: // handlers of the fake objects
    Error now(FakeCall& call) {
        return answer(call, kernel::clock_interface::NowResult{.nanoseconds = time});
    }
    Error sleep_until(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }
    Error sleep_for(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }
    Error wall(FakeCall& call) { return call.refuse(Error::not_supported); }

    Error post(FakeCall& call, kernel::endpoint_interface::PostArguments const& arguments) {
        posted |= arguments.bits;
        return call.answer();
    }
    Error set_alarm(FakeCall& call, kernel::endpoint_interface::SetAlarmArguments const& arguments) {
        alarm = arguments.time;
        return call.answer();
    }
    Error bind(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }
    Error set_value(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }
    Error make_entry(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }
    Error set_payload_match(FakeCall& call) { return call.refuse(Error::not_supported); }
    Error set_buffer(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }
    Error revoke(FakeCall& call) { return call.refuse(Error::not_supported); }
    Error reduce(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }

    Error write(FakeCall& call, kernel::log_interface::WriteArguments const&) {
        return call.refuse(Error::not_supported);
    }
    Error attach(FakeCall& call, kernel::log_interface::AttachArguments const&) {
        return answer(call, kernel::log_interface::AttachResult{.position = logged.size()});
    }
    Error read(FakeCall& call, kernel::log_interface::ReadArguments const& arguments) {
        std::uint64_t words[5] = {};
        auto const piece = logged.substr(arguments.position, sizeof words);
        std::memcpy(words, piece.data(), piece.size());
        return answer(call, kernel::log_interface::ReadResult{
                                arguments.position + piece.size(), static_cast<std::uint8_t>(piece.size()),
                                words[0], words[1], words[2], words[3], words[4]});
    }
    Error writer(FakeCall& call) { return call.refuse(Error::not_supported); }

    Error power_off(FakeCall& call, kernel::system_control_interface::PowerOffArguments const& arguments) {
        off_status = arguments.status;
        return call.answer();
    }
    Error reset(FakeCall& call) { return call.refuse(Error::not_supported); }
    Error counters(FakeCall& call) { return call.refuse(Error::not_supported); }

    Error narrow(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }
    Error read(FakeCall& call, kernel::io_ports_interface::ReadArguments const& arguments) {
        std::uint32_t value = 0;
        if (arguments.port == 0x3fd) value = 0x60u | (received.empty() ? 0u : 1u);
        if (arguments.port == 0x3f8 && !received.empty()) {
            value = static_cast<std::uint8_t>(received.front());
            received.erase(0, 1);
        }
        return answer(call, kernel::io_ports_interface::ReadResult{.value = value});
    }
    Error write(FakeCall& call, kernel::io_ports_interface::WriteArguments const& arguments) {
        if (arguments.port == 0x3fb) divisor_latch = (arguments.value & 0x80) != 0;
        if (arguments.port == 0x3f8 && !divisor_latch) sent += static_cast<char>(arguments.value);
        return call.answer();
    }

protected:
    FakeKernel kernel;
    abi::BootInfo info{};
    std::optional<console::Driver> driver;
    runtime::Request request{runtime::Slot(first_receive_slot)};
    runtime::Migrator::StatusResult status{};
    std::uint64_t time = 1'000 * millisecond;
    std::uint64_t alarm = 0;
    std::uint64_t posted = 0;
    int checkpoint_calls = 0;
    int off_status = -1;
    bool divisor_latch = false;
    std::string received;
    std::string sent;
    std::string logged; // the kernel's log
};

} // namespace tests
