// SPDX-License-Identifier: Apache-2.0
// Operations of kernel capabilities where the caller stands in its own way.
#include "fake_store.hpp"
#include "ipc_fixture.hpp"

#include <cap/claims.hpp>
#include <cap/encodings.hpp>
#include <core/log.hpp>
#include <ipc/event.hpp>

#include <abi/boot_slots.hpp>
#include <abi/operations.hpp>

#include <array>
#include <cstring>
#include <string_view>

namespace kernel::testing {

namespace {

namespace op = abi::op;

struct Operations : ::testing::Test {
    IpcWorld world;
    Party caller = world.transient_party();

    Operations() {
        world.give(caller, 10, frame_range_capability(100));
        world.give(caller, 11, world.capability(abi::CapabilityType::process, caller.process.target()));
        world.give(caller, 12,
                   world.capability(abi::CapabilityType::capability_page, {caller.capabilities, 0}));
        claims(world.kernel()).transient_frames = 50; // its own pages come from there
    }
    Error answer() {
        EXPECT_EQ(world.error(caller), Error::none);
        return static_cast<Error>(world.word(caller, 0));
    }
};

} // namespace

// R15: a capability there would have the next snapshots refused, and the third refusal stops the machine.
TEST_F(Operations, AnEmptyPairHoldsNothing) {
    FakeStore store(world);
    auto const node = world.object(abi::FrameType::patt);
    world.give(caller, 20, world.to_patt(node));
    world.give(caller, 21, world.to_page(world.page()));
    world.invoke(
        caller,
        {.slot = 20, .control = call_control(), .words = {op::patt::store, 3, 1}, .send_slots = {21}});
    EXPECT_EQ(answer(), Error::none);
    world.invoke(
        caller,
        {.slot = 20, .control = call_control(), .words = {op::patt::fetch, 3}, .receive_slots = {22}});
    EXPECT_EQ(answer(), Error::none);
    EXPECT_TRUE(world.held(caller, 22).is_null());
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
}

// The page that results go to must be there for them.
TEST_F(Operations, RescindOfTheOwnCapabilityPage) {
    Request request{.slot = 10,
                    .control = call_control(),
                    .words = {op::frame_range::rescind},
                    .send_slots = {12},
                    .receive_slots = {30}};
    world.invoke(caller, request);
    EXPECT_EQ(answer(), Error::in_use);
    EXPECT_EQ(world.header(caller.capabilities).pins, 0u);
    request.receive_slots.clear();
    world.invoke(caller, request);
    EXPECT_EQ(answer(), Error::none);
    EXPECT_EQ(world.header(caller.capabilities).state, FrameState::free);
    world.invoke(caller, request);
    EXPECT_EQ(world.error(caller), Error::void_capability) << "it has no slots any more";
}

TEST_F(Operations, WhoStopsItselfDoesNotReceive) {
    auto const control = send_control().with<Control::ReceivePhase>(1);
    world.invoke(caller, {.slot = 11, .control = control, .words = {op::process::stop}});
    EXPECT_EQ(world.state(caller), abi::RunState::stopped);
    EXPECT_EQ(world.place(caller), Place::idle);
}

// What the console shows of a process: its name, its registers, and what it waits for.
struct Inspection : Operations {
    Party process = world.party();

    Inspection() {
        world.give(caller, 20, world.capability(abi::CapabilityType::process, process.process.target()));
    }
    void ask(std::uint64_t operation) {
        world.invoke(caller, {.slot = 20, .control = call_control(), .words = {operation}});
        ASSERT_EQ(answer(), Error::none);
    }
    abi::WaitCause cause() {
        ask(op::process::waits);
        return static_cast<abi::WaitCause>(world.word(caller, 1));
    }
    abi::ObjectId object() { return abi::ObjectId(world.word(caller, 2)); }
    abi::ObjectId id_of(Target target) { return object_id_of(world.memory(), target); }
};

TEST_F(Inspection, NameAndRegisters) {
    std::string_view const name = "a name of 31 bytes, all of them";
    std::memcpy(world.object_of(process).name.data(), name.data(), name.size());
    ask(op::process::name);
    std::array<char, 32> told{};
    for (std::size_t i = 0; i < 4; ++i) {
        auto const word = world.word(caller, i + 1);
        std::memcpy(&told[i * 8], &word, sizeof word);
    }
    EXPECT_EQ(std::string_view(told.data()), name);

    auto& registers = world.registers(process);
    registers.rax = 1;
    registers.r8 = 9;
    registers.rip = 0x40'1234;
    registers.gs_base = 20;
    ask(op::process::registers);
    EXPECT_EQ(world.control(caller).get<Control::Words>(), 21u);
    EXPECT_EQ(world.word(caller, 1), 1u);
    auto const& page = object_view<abi::VirtualRegisters>(caller.registers_page);
    EXPECT_EQ(page.words[9], 9u);
    EXPECT_EQ(page.words[17], 0x40'1234u);
    EXPECT_EQ(page.words[20], 20u);
}

TEST_F(Inspection, WhatAProcessWaitsFor) {
    EXPECT_EQ(cause(), abi::WaitCause::nothing);
    auto const server = world.party();
    auto const service = world.endpoint(&server);
    world.give_entry(process, 10, service);
    Request const request{.slot = 10, .control = call_control(), .words = {1}};
    world.invoke(process, request);
    EXPECT_EQ(cause(), abi::WaitCause::receiver);
    EXPECT_EQ(object().frame(), server.frame);

    world.invoke(server, {.control = receive_control()});
    world.repeat(process);
    EXPECT_EQ(cause(), abi::WaitCause::message_from);
    EXPECT_EQ(object(), id_of(process.reply));
    // A stopped process goes on with it.
    world.invoke(caller, {.slot = 20, .control = call_control(), .words = {op::process::stop}});
    EXPECT_EQ(cause(), abi::WaitCause::message_from);

    auto& state = world.object_of(process);
    state.receive_control = 0;
    EXPECT_EQ(cause(), abi::WaitCause::nothing);
    state.wake_time = 77;
    EXPECT_EQ(cause(), abi::WaitCause::time);
    EXPECT_EQ(world.word(caller, 3), 77u);
}

TEST_F(Inspection, WaitsForAReceiverAndForAnyMessage) {
    auto const nobodys = world.endpoint();
    world.give_entry(process, 10, nobodys);
    world.invoke(process, {.slot = 10, .control = call_control(), .words = {1}});
    EXPECT_EQ(cause(), abi::WaitCause::no_receiver);
    EXPECT_EQ(object(), id_of(nobodys));
    queues(world.kernel())
        .block(queues(world.kernel()).live().find(process.frame),
               WaitKey::frame(abi::FrameId::persistent(5)));
    EXPECT_EQ(cause(), abi::WaitCause::frame);
    EXPECT_EQ(object().frame(), abi::FrameId::persistent(5));
    world.invoke(process, {.control = receive_control()});
    EXPECT_EQ(cause(), abi::WaitCause::message);
}

// Which of the entries that a process leaves behind somebody still waits at.
TEST_F(Inspection, AnEntryIsAwaitedUntilItsCallIsAnswered) {
    auto const service = world.endpoint(&process);
    auto const client = world.party();
    world.give(caller, 21, abi::Capability::miscellaneous(abi::CapabilityType::discrim));
    world.give_entry(client, 10, service);
    auto const is_awaited = [&](std::uint32_t slot) {
        world.give(caller, 22, world.held(process, slot));
        world.invoke(
            caller,
            {.slot = 21, .control = call_control(), .words = {op::discrim::awaited}, .send_slots = {22}});
        EXPECT_EQ(answer(), Error::none);
        return world.word(caller, 1) == 1;
    };
    world.invoke(process, {.control = receive_control(), .receive_slots = {30}});
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {1}});
    EXPECT_TRUE(is_awaited(30));
    world.invoke(process, {.slot = 30, .control = send_control(), .words = {0}});
    EXPECT_FALSE(is_awaited(30));
    EXPECT_FALSE(is_awaited(31)) << "null";
    world.give_entry(process, 32, service, 1);
    EXPECT_FALSE(is_awaited(32)) << "an entry to a server";
    world.give(process, 33, world.capability(abi::CapabilityType::endpoint, client.reply));
    EXPECT_FALSE(is_awaited(33)) << "no entry";
}

TEST_F(Operations, TheLogIsReadByItsReaderAlone) {
    world.give(caller, 20, abi::Capability::miscellaneous(abi::CapabilityType::log, abi::log_control));
    auto const ask = [&](std::uint64_t slot, std::uint64_t position) {
        world.invoke(caller, {.slot = slot, .control = call_control(), .words = {op::log::read, position}});
        return answer();
    };
    auto const start = kernel_log().end();
    log("of this boot");
    EXPECT_EQ(ask(20, start), Error::none);
    EXPECT_EQ(world.word(caller, 1), start + 22);
    EXPECT_EQ(world.word(caller, 2), 22u);
    EXPECT_EQ(world.word(caller, 3), 0x5d6c656e72656b5bu) << "[kernel]";
    EXPECT_EQ(ask(20, start + 22), Error::none);
    EXPECT_EQ(world.word(caller, 2), 0u);
    // What the ring has lost is passed over.
    for (std::size_t i = 0; i < Log::capacity; ++i) kernel_log().put('.');
    EXPECT_EQ(ask(20, start), Error::none);
    EXPECT_EQ(world.word(caller, 1), kernel_log().end() - Log::capacity + 40);

    world.invoke(caller,
                 {.slot = 20, .control = call_control(), .words = {op::log::writer}, .receive_slots = {21}});
    EXPECT_EQ(answer(), Error::none);
    EXPECT_EQ(ask(21, start), Error::no_right);
}

// A process frame from a hostile disk: the endpoint with event bits has an index that no frame has.
TEST_F(Operations, EventsOfAnEndpointThatCannotBe) {
    auto const endpoint = world.endpoint(&caller);
    auto& process = world.object_of(caller);
    process.event_endpoints[0] = abi::ObjectId(world.header(endpoint.frame).id, 100).raw();
    process.event_endpoint_count = 1;
    auto const delivered = deliver_pending(world.kernel(), caller.process, world.committed);
    ASSERT_TRUE(delivered);
    EXPECT_FALSE(*delivered);
    EXPECT_EQ(caller.process->event_endpoint_count, 0u) << "it is struck off the list";
}

} // namespace kernel::testing
