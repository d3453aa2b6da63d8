// SPDX-License-Identifier: Apache-2.0
// Processes that invoke: each with a capability page, a register page, a schedule and a reply endpoint,
// driven by the very code that the doors of the kernel call.
#pragma once

#include "fixture.hpp"

#include <entry/dispatch.hpp>
#include <entry/invoke.hpp>
#include <entry/unit.hpp>

#include <abi/system_call.hpp>

#include <array>
#include <vector>

namespace kernel::testing {

using Control = abi::ControlWord;

// A message as a program would hand it to the system call.
struct Request {
    std::uint64_t slot = 0;
    Control control{};
    std::vector<std::uint64_t> words{};
    std::vector<std::uint64_t> send_slots{};
    std::vector<std::uint64_t> receive_slots{};
    std::uint64_t receive_endpoint = 0;
};

constexpr Control call_control() { return Control().with<Control::Call>(1); }
constexpr Control receive_control() { return Control().with<Control::ReceivePhase>(1); }
constexpr Control send_control() { return Control().with<Control::SendPhase>(1); }

struct Party {
    ProcessRef process;
    abi::FrameId frame;
    FrameIndex capabilities = no_frame; // capability page
    FrameIndex registers_page = no_frame;
    Target reply; // endpoint
};

class IpcWorld : public World {
public:
    explicit IpcWorld(std::uint32_t frames = arch::fake_memory_frames)
        : World(frames), live_(live_processes_max) {
        queues(kernel()).live().start(live_);
        schedule_ = object(abi::FrameType::schedule);
        FrameWriter(kernel(), schedule_.frame, 0, committed).object<abi::Schedule>().priority = 10;
        space_ = object(abi::FrameType::patt);
    }

    // A process that stands behind a SYSCALL, ready.
    Party party() { return party_from(frame(abi::FrameType::process), true); }
    Party transient_party() { return party_from(transient(abi::FrameType::process), false); }

    Target endpoint(Party const* receiver = nullptr) {
        auto const target = object(abi::FrameType::endpoint);
        if (receiver != nullptr) bind(target, *receiver);
        return target;
    }
    void bind(Target endpoint, Party const& receiver) {
        store(object_slot(abi::FrameType::endpoint, endpoint, 0),
              capability(abi::CapabilityType::process, receiver.process.target()));
    }
    abi::Endpoint& writable_endpoint(Target endpoint) {
        return FrameWriter(kernel(), endpoint.frame, endpoint.index, committed).object<abi::Endpoint>();
    }
    static abi::Endpoint const& view(Target endpoint) {
        return object_view<abi::Endpoint>(endpoint.frame, endpoint.index);
    }
    abi::Process& object_of(Party const& party) {
        return FrameWriter(kernel(), party.process.frame, 0, committed).object<abi::Process>();
    }
    abi::Registers& registers(Party const& party) { return object_of(party).registers; }

    void give(Party const& party, std::uint32_t slot, abi::Capability capability) {
        store(page_slot(party.capabilities, slot), capability);
    }
    abi::Capability held(Party const& party, std::uint32_t slot) {
        return unprepared(kernel(), read_slot(page_slot(party.capabilities, slot)));
    }
    void give_entry(Party const& party, std::uint32_t slot, Target endpoint, std::uint32_t payload = 0) {
        give(party, slot,
             capability_to(memory(), abi::CapabilityType::entry, endpoint, abi::Right::send, payload));
    }

    // Puts the party on the processor and lets it make the system call.
    void invoke(Party const& party, Request const& request) {
        load(party, request);
        repeat(party);
    }
    // Runs the system call that the registers hold, again if need be.
    void repeat(Party const& party) {
        make_running(party);
        auto& object = object_of(party);
        object.registers.rip += arch_length;
        object.registers.rcx = object.registers.rip;
        Caller const caller{party.process, object, queues(kernel()).live().find(party.frame)};
        system_call(kernel(), caller);
        put_back();
    }
    void load(Party const& party, Request const& request) {
        auto& registers = object_of(party).registers;
        registers.rax = static_cast<std::uint64_t>(abi::SystemCall::invoke);
        registers.rdi = request.control.with<Control::Words>(request.words.size())
                            .with<Control::Capabilities>(request.send_slots.size())
                            .with<Control::Accepted>(request.receive_slots.size())
                            .raw();
        registers.rsi = request.slot;
        auto& page =
            FrameWriter(kernel(), party.registers_page, 0, committed).object<abi::VirtualRegisters>();
        for (std::size_t i = 0; i < request.words.size(); ++i) {
            if (i < abi::message_register_words) word_of(registers, i) = request.words[i];
            else page.words[i] = request.words[i];
        }
        for (std::size_t i = 0; i < request.send_slots.size(); ++i)
            page.send_slots[i] = request.send_slots[i];
        for (std::size_t i = 0; i < request.receive_slots.size(); ++i)
            page.receive_slots[i] = request.receive_slots[i];
        page.receive_endpoint = request.receive_endpoint;
    }
    static std::uint64_t& word_of(abi::Registers& registers, std::size_t index) {
        std::uint64_t* const words[] = {&registers.rdx, &registers.r8,  &registers.r9,  &registers.r10,
                                        &registers.r12, &registers.r13, &registers.r14, &registers.r15};
        return *words[index];
    }
    std::uint64_t word(Party const& party, std::size_t index) { return word_of(registers(party), index); }
    Error error(Party const& party) { return static_cast<Error>(registers(party).rax); }
    Control control(Party const& party) { return Control(registers(party).rdi); }
    abi::RunState state(Party const& party) { return party.process->state; }
    Place place(Party const& party) {
        auto const index = queues(kernel()).live().find(party.frame);
        return index == no_process ? Place::free : queues(kernel()).live()[index].place;
    }

    // What leave() does until a process may run: its party's frame, or 0 when nobody is ready.
    abi::FrameId dispatch() {
        auto& queue = queues(kernel());
        for (auto live = queue.take_next(); live != no_process; live = queue.take_next()) {
            Dispatched next;
            if (!prepare_running(kernel(), next)) continue;
            auto const frame = frame_id(kernel(), next.process.frame);
            put_back();
            return frame;
        }
        return {};
    }

private:
    static constexpr std::uint64_t arch_length = 2;

    Party party_from(FrameIndex frame, bool persistent) {
        auto const target = object_in(frame, 0);
        Party party{{target.frame, 0},
                    header(frame).id,
                    page_of(abi::FrameType::capability_page, persistent),
                    page_of(abi::FrameType::data_page, persistent),
                    object(abi::FrameType::endpoint)};
        set_process_slot(party.process, abi::ProcessSlot::address_space, to_patt(space_));
        set_process_slot(party.process, abi::ProcessSlot::capability_space,
                         capability(abi::CapabilityType::capability_page, {party.capabilities, 0}));
        set_process_slot(party.process, abi::ProcessSlot::schedule,
                         capability(abi::CapabilityType::schedule, schedule_));
        set_process_slot(party.process, abi::ProcessSlot::virtual_registers, to_page(party.registers_page));
        set_process_slot(party.process, abi::ProcessSlot::reply_endpoint,
                         capability(abi::CapabilityType::endpoint, party.reply, abi::endpoint_permissions));
        writable_endpoint(party.reply).payload_match = 1;
        bind(party.reply, party);
        auto& object = object_of(party);
        object.state = abi::RunState::ready;
        object.registers.rip = 0x400000;
        object.registers.rsp = 0x7ffe'0000;
        auto const live = queues(kernel()).live().enter(party.frame);
        EXPECT_TRUE(live);
        queues(kernel()).set_priority(*live, 10);
        return party;
    }
    FrameIndex page_of(abi::FrameType type, bool persistent) {
        return persistent ? this->frame(type) : transient(type);
    }

    void make_running(Party const& party) {
        auto& queue = queues(kernel());
        auto const live = *queue.live().enter(party.frame);
        queue.set_priority(live, 31);
        queue.make_ready(live);
        // Whoever else has the highest priority waits behind it.
        for (auto taken = queue.take_next(); taken != live; taken = queue.take_next()) {
            ASSERT_NE(taken, no_process);
            queue.make_ready(taken);
        }
        queue.set_priority(live, 10);
    }
    // Whoever is still the running process goes back to its run queue.
    void put_back() {
        auto& queue = queues(kernel());
        if (queue.running() != no_process) queue.make_ready(queue.running());
    }

    std::vector<LiveProcess> live_;

protected:
    Target schedule_;
    Target space_;
};

} // namespace kernel::testing
