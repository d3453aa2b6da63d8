// SPDX-License-Identifier: Apache-2.0
// One process handled from the console: found by its name in the list of the root page, stopped, resumed,
// looked at, ended with its endpoints.
#include "console_machine.hpp"

#include <abi/boot_slots.hpp>
#include <abi/fault.hpp>
#include <abi/object_id.hpp>
#include <abi/objects/process.hpp>
#include <kernel/dispatch/capability_page.hpp>
#include <kernel/dispatch/discrim.hpp>
#include <kernel/dispatch/heap.hpp>
#include <kernel/dispatch/process.hpp>

#include <map>
#include <vector>

namespace tests {

namespace {

using abi::RunState;

// A process behind the capability that names it.
struct ListedProcess {
    std::string text; // its name
    RunState run = RunState::ready;
    kernel::process_interface::WaitsResult wait{};
    std::uint32_t fault = 0;

    Error set_slot(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }
    Error get_slot(FakeCall& call, kernel::process_interface::GetSlotArguments const& arguments) {
        EXPECT_EQ(arguments.slot, static_cast<std::uint64_t>(abi::ProcessSlot::capability_space));
        call.given[0] = "space of " + text;
        return call.answer(1, 1);
    }
    Error set_registers(FakeCall& call, auto const&) { return call.refuse(Error::not_supported); }
    Error make_restart(FakeCall& call) { return call.refuse(Error::not_supported); }
    Error resume(FakeCall& call, kernel::process_interface::ResumeArguments const& arguments) {
        EXPECT_TRUE(arguments.cancel_fault);
        run = RunState::ready;
        return call.answer();
    }
    Error stop(FakeCall& call) {
        run = RunState::stopped;
        return call.answer();
    }
    Error state(FakeCall& call) const {
        return answer(call, kernel::process_interface::StateResult{static_cast<std::uint8_t>(run), fault,
                                                                   fault != 0 ? 0x1234u : 0u, 0, 0});
    }
    Error name(FakeCall& call) const {
        std::uint64_t words[4] = {};
        std::memcpy(words, text.data(), text.size());
        return answer(call, kernel::process_interface::NameResult{words[0], words[1], words[2], words[3]});
    }
    Error waits(FakeCall& call) const { return answer(call, wait); }
    Error registers(FakeCall& call) const {
        kernel::process_interface::RegistersResult result{};
        result.rip = 0x401000;
        result.r15 = 0x15;
        return answer(call, result);
    }
};

class ConsoleProcesses : public Console {
protected:
    ConsoleProcesses() {
        kernel.slots[first_page] = "list";
        kernel.slots[heap] = "heap";
        kernel.slots[discrim] = "discrim";
        kernel.objects["heap"] = [this](FakeCall& call) {
            ASSERT_EQ(call.words.at(0), abi::op::heap::destroy);
            end(call.capabilities.at(0));
            call.replied = {0};
        };
        kernel.objects["discrim"] = [this](FakeCall& call) {
            auto const& name = call.capabilities.at(0);
            if (call.words.at(0) == abi::op::discrim::awaited) {
                call.replied = {0, name.starts_with("caller ") ? 1u : 0u};
                return;
            }
            ASSERT_EQ(call.words.at(0), abi::op::discrim::classify);
            auto const type = kernel.objects.contains(name) ? type_of(name) : Type::null;
            call.replied = {0, static_cast<std::uint64_t>(type)};
        };
        page("list", {"counter", "end bank", "bank", "end bank 1", "end bank 2", "token"});
        start_and_restore();
    }
    using Type = abi::CapabilityType;

    // What the list holds stands at the places from 1 on; each is an object of that name.
    void page(std::string const& name, std::vector<std::string> items, std::string const& next = "") {
        for (auto const& item : items) add(item);
        kernel.objects[name] = [items, next](FakeCall& call) {
            ASSERT_EQ(call.words.at(0), abi::op::capability_page::fetch);
            auto const slot = call.words.at(1);
            call.replied = {0};
            call.given[0] = slot == abi::process_list_end       ? next
                            : slot >= 1 && slot <= items.size() ? items[slot - 1]
                                                                : "";
        };
    }
    void add(std::string const& item) {
        if (type_of(item) == Type::endpoint) {
            kernel.objects[item] = [this, item](FakeCall& call) {
                ASSERT_EQ(call.words.at(0), abi::op::endpoint::revoke);
                end(item);
                call.replied = {0};
            };
            return;
        }
        processes[item].text = item;
        kernel.objects[item] = [this, item](FakeCall& call) {
            kernel::dispatch_process(processes[item], call);
        };
    }
    void end(std::string const& name) {
        ended.push_back(name);
        kernel.objects.erase(name);
    }
    static Type type_of(std::string const& name) {
        return name.starts_with("end ") ? Type::endpoint : Type::process;
    }
    // What is typed is echoed first.
    std::string said(std::string const& line) {
        output();
        type(line + "\r");
        auto const text = output();
        EXPECT_TRUE(text.starts_with(line + "\r\n")) << text;
        return text.substr(line.size() + 2);
    }

    std::map<std::string, ListedProcess> processes;
    std::vector<std::string> ended;
};

TEST_F(ConsoleProcesses, StoppedAndResumed) {
    EXPECT_EQ(said("stop bank"), "[stele] bank stopped\r\n");
    EXPECT_EQ(processes["bank"].run, RunState::stopped);
    EXPECT_EQ(processes["token"].run, RunState::ready);
    EXPECT_EQ(said("stop bank"), "[stele] bank is stopped already\r\n");
    EXPECT_EQ(said("resume  bank "), "[stele] bank resumed\r\n");
    EXPECT_EQ(processes["bank"].run, RunState::ready);
    processes["bank"].run = RunState::receiving;
    EXPECT_EQ(said("resume bank"), "[stele] bank is not stopped: receiving\r\n");
}

TEST_F(ConsoleProcesses, InspectedWithWhatItWaitsFor) {
    auto& bank = processes["bank"];
    auto const first_line = [&](RunState state, abi::WaitCause cause, std::uint64_t object = 0,
                                std::uint64_t wake_time = 0) {
        bank.run = state;
        bank.wait = {static_cast<std::uint8_t>(cause), object, wake_time};
        auto const text = said("inspect bank");
        EXPECT_NE(text.find("\r\n[stele]   rip 0x401000 rflags 0x0"), text.npos) << text;
        EXPECT_NE(text.find(" r15 0x15\r\n"), text.npos) << text;
        return text.substr(0, text.find("\r\n"));
    };
    using Cause = abi::WaitCause;
    auto const at_endpoint = abi::ObjectId(abi::FrameId::persistent(0x11), 2).raw();
    auto const process = abi::ObjectId(abi::FrameId::persistent(0x4), 0).raw();
    EXPECT_EQ(first_line(RunState::ready, Cause::nothing), "[stele] bank: ready");
    EXPECT_EQ(first_line(RunState::receiving, Cause::message),
              "[stele] bank: receiving, waits for a message");
    EXPECT_EQ(first_line(RunState::stopped, Cause::message_from, at_endpoint),
              "[stele] bank: stopped, waits on endpoint 0x11.2");
    EXPECT_EQ(first_line(RunState::sleeping, Cause::time, 0, 1'234'567),
              "[stele] bank: sleeping, sleeps until 1234 us");
    EXPECT_EQ(first_line(RunState::ready, Cause::receiver, process),
              "[stele] bank: ready, waits until process 0x4 receives");
    EXPECT_EQ(first_line(RunState::ready, Cause::no_receiver, at_endpoint),
              "[stele] bank: ready, waits until somebody receives on endpoint 0x11.2");
    EXPECT_EQ(first_line(RunState::ready, Cause::frame, process), "[stele] bank: ready, waits for frame 0x4");
    bank.fault = static_cast<std::uint32_t>(abi::FaultCode::divide_error);
    EXPECT_EQ(first_line(RunState::faulted, Cause::nothing), "[stele] bank: faulted, divide error at 0x1234");
}

TEST_F(ConsoleProcesses, KilledWithItsEndpointsAndNobodyElses) {
    EXPECT_EQ(said("kill bank"), "[stele] bank killed\r\n");
    EXPECT_EQ(ended, (std::vector<std::string>{"end bank 1", "end bank 2", "bank"}));
    EXPECT_EQ(said("inspect bank"), "[stele] no process 'bank', there are counter, token\r\n");
    EXPECT_EQ(said("kill token"), "[stele] token killed\r\n");
}

TEST_F(ConsoleProcesses, WhoWaitsForAnAnswerOfTheKilledIsTold) {
    kernel.objects["space of bank"] = [](FakeCall& call) {
        ASSERT_EQ(call.words.at(0), abi::op::capability_page::fetch);
        call.replied = {0};
        auto const slot = call.words.at(1);
        call.given[0] = slot == 33 ? "caller 1" : slot == 255 ? "caller 2" : slot == 34 ? "some entry" : "";
    };
    EXPECT_EQ(said("kill bank"), "[stele] bank killed\r\n");
    EXPECT_EQ(processes["bank"].run, RunState::stopped) << "it did not run on meanwhile";
    ASSERT_EQ(kernel.sent.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(kernel.sent[i].to, "caller " + std::to_string(i + 1));
        EXPECT_EQ(kernel.sent[i].words.at(0), static_cast<std::uint64_t>(Error::void_capability));
    }
}

TEST_F(ConsoleProcesses, WhatIsWrongIsAnsweredWithWhatThereIs) {
    EXPECT_EQ(said("stop"), "[stele] stop which process? There are counter, bank, token\r\n");
    EXPECT_EQ(said("kill Bank"), "[stele] no process 'Bank', there are counter, bank, token\r\n");
    EXPECT_EQ(said("kill end bank"), "[stele] no process 'end bank', there are counter, bank, token\r\n");
    EXPECT_TRUE(ended.empty());
    // A word that only begins like a command is a note.
    call_read_line();
    type("stopwatch\r");
    EXPECT_EQ(text_of_last_reply(), "stopwatch");
}

TEST_F(ConsoleProcesses, TheListGoesOnOnFurtherPages) {
    std::vector<std::string> many;
    for (std::size_t i = 1; i < abi::process_list_end; ++i) many.push_back("p" + std::to_string(i));
    page("list", many, "more");
    page("more", {"last", "end last"});
    EXPECT_EQ(said("stop p254"), "[stele] p254 stopped\r\n");
    EXPECT_EQ(said("kill last"), "[stele] last killed\r\n");
    EXPECT_EQ(ended, (std::vector<std::string>{"end last", "last"}));
    auto const list = said("stop nobody");
    EXPECT_NE(list.find("[stele] no process 'nobody', there are p1, p2, "), list.npos);
    EXPECT_NE(list.find("p254\r\n"), list.npos);
    for (std::size_t at = 0; at < list.size(); at = list.find("\r\n", at) + 2)
        EXPECT_LE(list.find("\r\n", at) - at, 110u) << list;
}

TEST_F(ConsoleProcesses, AListThatBitesItsTailEnds) {
    page("list", {"counter"}, "list");
    EXPECT_TRUE(said("stop nobody").starts_with("[stele] no process 'nobody', there are counter"));
}

TEST_F(ConsoleProcesses, AStoreWithoutAListHasNothingToHandle) {
    kernel.slots[first_page] = "";
    EXPECT_EQ(said("stop counter"), "[stele] no process 'counter'\r\n");
}

} // namespace

} // namespace tests
