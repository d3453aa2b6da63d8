// SPDX-License-Identifier: Apache-2.0
// Two senders, a receiver, and an endpoint between them whose owner switches its message buffer.
#pragma once

#include "ipc_fixture.hpp"

#include <ipc/buffer.hpp>

namespace kernel::testing {

class BufferTest : public ::testing::Test {
protected:
    static constexpr std::uint64_t entry_slot = 10;
    static constexpr std::uint64_t page_slot = 55;
    static constexpr std::uint32_t entry_payload = 77;
    static constexpr std::uint64_t at_invocation = 0x400000; // program counter of a sender that waits

    BufferTest() {
        sender = world.party();
        other = world.party();
        server = world.party();
        owner = world.party();
        service = world.endpoint(&server);
        world.writable_endpoint(service).value = 0x5e5;
        world.give_entry(sender, entry_slot, service, entry_payload);
        world.give_entry(other, entry_slot, service);
        manage(service);
        EXPECT_EQ(switch_buffer(true), Error::none);
    }

    // The owner gets all rights to it.
    void manage(Target endpoint, abi::Rights rights = abi::endpoint_permissions) {
        world.give(owner, 50, world.capability(abi::CapabilityType::endpoint, endpoint, rights));
    }
    Error operate(std::uint16_t method, std::vector<std::uint64_t> words = {},
                  std::vector<std::uint64_t> send_slots = {}) {
        words.insert(words.begin(), abi::operation_code(7, method));
        world.invoke(owner, {.slot = 50,
                             .control = call_control(),
                             .words = std::move(words),
                             .send_slots = std::move(send_slots)});
        EXPECT_EQ(world.error(owner), Error::none);
        return static_cast<Error>(world.word(owner, 0));
    }
    // With the page in this slot of the owner; slot 0 holds nothing.
    Error switch_buffer(bool on, std::uint64_t page = 0) { return operate(8, {on ? 1u : 0u}, {page}); }
    Error bind(Party const& receiver) {
        world.give(owner, 52, world.capability(abi::CapabilityType::process, receiver.process.target()));
        return operate(0, {}, {52});
    }

    void send(Party const& from, std::vector<std::uint64_t> words, std::vector<std::uint64_t> slots = {}) {
        world.registers(from).rip = at_invocation;
        world.invoke(from, {.slot = entry_slot,
                            .control = send_control(),
                            .words = std::move(words),
                            .send_slots = std::move(slots)});
    }
    void listen(std::vector<std::uint64_t> receive_slots = {}) {
        world.invoke(server, {.control = receive_control(), .receive_slots = std::move(receive_slots)});
    }
    void listen_to(Target endpoint) {
        world.give(server, 60,
                   world.capability(abi::CapabilityType::endpoint, endpoint, abi::endpoint_permissions));
        world.invoke(server,
                     {.control = receive_control().with<Control::ClosedWait>(1), .receive_endpoint = 60});
    }

    bool waits(Party const& party) {
        return world.place(party) == Place::waiting && world.registers(party).rip == at_invocation;
    }
    bool went_on(Party const& party) {
        return world.place(party) == Place::ready && world.registers(party).rip != at_invocation &&
               world.error(party) == Error::none;
    }
    // The endpoint holds a message whose first word this is, and its receiver knows.
    void expect_kept(Target endpoint, std::uint64_t word) {
        auto const& object = IpcWorld::view(endpoint);
        EXPECT_EQ(object.buffer_state, abi::BufferState::full);
        EXPECT_EQ(object.buffer_words[0], word);
        EXPECT_EQ(times_listed(endpoint), 1);
    }
    void expect_empty(Target endpoint) {
        auto const& object = IpcWorld::view(endpoint);
        EXPECT_EQ(object.buffer_state, abi::BufferState::empty);
        EXPECT_EQ(object.buffer_control, 0u);
        for (auto const word : object.buffer_words) EXPECT_EQ(word, 0u);
        for (auto const capability : object.buffer_capabilities) EXPECT_TRUE(capability.is_null());
    }
    long times_listed(Target endpoint) {
        auto const& process = server.process.get();
        auto const id = object_id_of(world.memory(), endpoint).raw();
        return std::count(process.full_endpoints, process.full_endpoints + process.full_endpoint_count, id);
    }
    // The receiver has a message with this first word.
    void expect_received(Party const& receiver, std::uint64_t word) {
        EXPECT_EQ(world.state(receiver), abi::RunState::ready);
        EXPECT_EQ(world.error(receiver), Error::none);
        EXPECT_EQ(world.control(receiver).kind(), abi::MessageKind::message);
        EXPECT_EQ(world.word(receiver, 0), word);
    }

    IpcWorld world;
    Party sender;
    Party other;
    Party server;
    Party owner;
    Target service;
};

} // namespace kernel::testing
