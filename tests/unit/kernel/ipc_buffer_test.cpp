// SPDX-License-Identifier: Apache-2.0
// F12: a message to a busy receiver stays in the endpoint, in its order, whole, and once.
#include "ipc_buffer_fixture.hpp"

#include <ipc/event.hpp>

#include <numeric>

namespace kernel::testing {

constexpr auto poll = receive_control().with<Control::ReceiveNonBlocking>(1);

TEST_F(BufferTest, OffTheSenderWaits) {
    ASSERT_EQ(switch_buffer(false), Error::none);
    send(sender, {1});
    EXPECT_TRUE(waits(sender));
    ASSERT_EQ(switch_buffer(true), Error::none);
    ASSERT_EQ(world.place(sender), Place::ready) << "who waits tries again";
    world.repeat(sender);
    EXPECT_TRUE(went_on(sender));
    expect_kept(service, 1);
}

TEST_F(BufferTest, OnTheSenderGoesOnAndTheNextReceiveHasTheMessage) {
    send(sender, {1, 2, 3, 4, 5, 6, 7, 8});
    EXPECT_TRUE(went_on(sender));
    expect_kept(service, 1);
    listen();
    expect_received(server, 1);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(world.word(server, i), i + 1);
    EXPECT_EQ(world.control(server).get<Control::Words>(), 8u);
    EXPECT_EQ(world.control(server).get<Control::Capabilities>(), 0u);
    EXPECT_EQ(world.control(server).get<Control::Payload>(), entry_payload);
    EXPECT_EQ(world.registers(server).rsi, 0x5e5u) << "the endpoint's value";
    expect_empty(service);
    EXPECT_EQ(server.process->full_endpoint_count, 0u);
    listen();
    EXPECT_EQ(world.state(server), abi::RunState::receiving) << "delivered once";
}

TEST_F(BufferTest, AReceiverThatWaitsGetsItAtOnce) {
    listen();
    send(sender, {5});
    expect_received(server, 5);
    expect_empty(service);
}

TEST_F(BufferTest, PollingTakesIt) {
    send(sender, {5});
    world.invoke(server, {.control = poll});
    expect_received(server, 5);
    world.invoke(server, {.control = poll});
    while (world.state(server) == abi::RunState::receiving) world.dispatch();
    EXPECT_EQ(world.error(server), Error::would_block);
}

TEST_F(BufferTest, ItHoldsOneAndSendersThatWaitComeAfterIt) {
    send(sender, {1});
    send(other, {2});
    EXPECT_TRUE(waits(other));
    world.invoke(
        sender,
        {.slot = entry_slot, .control = send_control().with<Control::SendNonBlocking>(1), .words = {3}});
    EXPECT_EQ(world.error(sender), Error::would_block);
    expect_kept(service, 1);
    listen();
    expect_received(server, 1);
    ASSERT_EQ(world.place(other), Place::ready) << "the next one may move in";
    world.repeat(other);
    EXPECT_TRUE(went_on(other));
    expect_kept(service, 2);
    listen();
    expect_received(server, 2);
    expect_empty(service);
}

// Whoever came before is not overtaken by a message that could be kept: a stream of them would starve it.
TEST_F(BufferTest, NoMessageIsKeptWhileSomebodyWaitsForTheReceiver) {
    auto const back_door = world.endpoint(&server);
    world.give_entry(other, entry_slot, back_door);
    world.invoke(other, {.slot = entry_slot, .control = call_control(), .words = {7}});
    ASSERT_TRUE(waits(other));
    send(sender, {1});
    EXPECT_TRUE(waits(sender));
    expect_empty(service);
    listen();
    ASSERT_EQ(world.place(other), Place::ready);
    world.repeat(other);
    expect_received(server, 7);
    world.repeat(sender);
    EXPECT_TRUE(went_on(sender));
    expect_kept(service, 1);
}

TEST_F(BufferTest, EndpointsAreServedInTheOrderOfTheirMessages) {
    std::vector<Target> endpoints{service};
    for (int i = 0; i < 3; ++i) {
        endpoints.push_back(world.endpoint(&server));
        manage(endpoints.back());
        ASSERT_EQ(switch_buffer(true), Error::none);
    }
    auto const send_through = [&](std::size_t at, std::uint64_t word) {
        world.give_entry(sender, entry_slot, endpoints[at]);
        send(sender, {word});
        ASSERT_TRUE(went_on(sender));
    };
    for (std::size_t i : {2u, 0u, 3u, 1u}) send_through(i, i);
    listen();
    expect_received(server, 2);
    send_through(2, 20);
    for (std::uint64_t const word : {0u, 3u, 1u, 20u}) {
        listen();
        expect_received(server, word);
    }
}

TEST_F(BufferTest, AClosedWaitTakesItFromItsEndpointOnly) {
    auto const second = world.endpoint(&server);
    send(sender, {1});
    listen_to(second);
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
    expect_kept(service, 1);
    world.give_entry(other, entry_slot, second);
    send(other, {2});
    expect_received(server, 2);
    listen_to(service);
    expect_received(server, 1);
}

TEST_F(BufferTest, AnEventComesFirst) {
    send(sender, {1});
    auto const bell = world.endpoint(&server);
    ASSERT_TRUE(post_event(world.kernel(), {bell.frame, bell.index}, 6, world.committed));
    listen();
    EXPECT_EQ(world.control(server).kind(), abi::MessageKind::event);
    EXPECT_EQ(world.word(server, 0), 6u);
    expect_kept(service, 1);
    listen();
    expect_received(server, 1);
}

TEST_F(BufferTest, CapabilitiesTravel) {
    auto const page = world.to_page(world.page());
    auto const number = abi::Capability::number(9, 0x1234);
    world.give(sender, 20, page);
    world.give(sender, 21, number);
    send(sender, {1}, {20, 21});
    ASSERT_TRUE(went_on(sender));
    world.give(sender, 20, abi::Capability::null()); // it has gone already
    for (std::uint32_t slot = 30; slot < 33; ++slot) world.give(server, slot, abi::Capability::number(1, 1));
    listen({30, 31, 32});
    expect_received(server, 1);
    EXPECT_EQ(world.control(server).get<Control::Capabilities>(), 2u);
    EXPECT_EQ(world.held(server, 30), page);
    EXPECT_EQ(world.held(server, 31), number);
    EXPECT_TRUE(world.held(server, 32).is_null()) << "R37: what was not sent is nulled";
    expect_empty(service);
    world.expect_sound();
}

// R4: a kept capability is a root like every other.
TEST_F(BufferTest, R4_CollectionFindsWhatTheBufferHolds) {
    auto const page = world.page();
    world.give(sender, 20, world.to_page(page));
    ASSERT_TRUE(page_cast(world.kernel(), kernel::page_slot(sender.capabilities, 20),
                          abi::CapabilityType::data_page)); // prepared
    send(sender, {1}, {20});
    world.give(sender, 20, abi::Capability::null());
    collect_all(world.kernel());
    world.expect_sound();
    listen({30});
    EXPECT_EQ(world.held(server, 30), world.to_page(page));
}

// R5: a reply entry that was used while it lay in the buffer is spent when it comes out.
TEST_F(BufferTest, R5_AReplyEntryInTheBufferIsGoodOnceAllTheSame) {
    world.give_entry(owner, 40, world.endpoint(&other));
    world.invoke(other, {.control = receive_control(), .receive_slots = {20}});
    world.invoke(owner, {.slot = 40, .control = call_control(), .words = {1}});
    ASSERT_EQ(world.state(owner), abi::RunState::receiving);
    send(other, {2}, {20});
    ASSERT_TRUE(went_on(other));
    world.invoke(other, {.slot = 20, .control = send_control(), .words = {3}});
    ASSERT_EQ(world.state(owner), abi::RunState::ready) << "it has its answer";
    listen({30});
    world.invoke(server, {.slot = 30, .control = send_control(), .words = {4}});
    EXPECT_EQ(world.error(server), Error::void_capability);
}

TEST_F(BufferTest, ACallWaits) {
    world.invoke(sender, {.slot = entry_slot, .control = call_control(), .words = {1}});
    EXPECT_TRUE(waits(sender));
    expect_empty(service);
    listen({20});
    world.repeat(sender);
    expect_received(server, 1);
}

TEST_F(BufferTest, ALongMessageWaitsUnlessThereIsAPageForIt) {
    std::vector<std::uint64_t> words(abi::message_words_max);
    std::iota(words.begin(), words.end(), 100u);
    send(sender, words);
    EXPECT_TRUE(waits(sender));
    world.give(owner, page_slot, world.to_page(world.page()));
    ASSERT_EQ(switch_buffer(true, page_slot), Error::none);
    ASSERT_EQ(world.place(sender), Place::ready);
    world.repeat(sender);
    EXPECT_TRUE(went_on(sender));
    expect_kept(service, 100);
    world.load(sender, {.words = std::vector<std::uint64_t>(words.size(), 1)}); // its registers are its own
    listen();
    expect_received(server, 100);
    EXPECT_EQ(world.control(server).get<Control::Words>(), words.size());
    auto const& page = object_view<abi::VirtualRegisters>(server.registers_page);
    for (std::size_t i = 8; i < words.size(); ++i) EXPECT_EQ(page.words[i], words[i]);
}

TEST_F(BufferTest, TheWordsOfADestroyedPageAreGone) {
    auto const page = world.page();
    world.give(owner, page_slot, world.to_page(page));
    ASSERT_EQ(switch_buffer(true, page_slot), Error::none);
    send(sender, std::vector<std::uint64_t>(20, 3));
    ASSERT_TRUE(went_on(sender));
    retype_frame(world.kernel(), page, abi::FrameType::data_page, world.committed);
    listen();
    expect_received(server, 3);
    EXPECT_EQ(world.control(server).get<Control::Words>(), abi::message_register_words);
    send(sender, std::vector<std::uint64_t>(20, 4));
    EXPECT_TRUE(waits(sender)) << "and longer messages wait again";
}

TEST_F(BufferTest, R18_WithoutAReceiverSendersWait) {
    ASSERT_EQ(operate(0, {}, {0}), Error::none);
    send(sender, {1});
    EXPECT_TRUE(waits(sender));
    expect_empty(service);
}

TEST_F(BufferTest, ItIsForWhoeverIsBoundNext) {
    send(sender, {1});
    ASSERT_EQ(operate(0, {}, {0}), Error::none);
    listen();
    EXPECT_EQ(world.state(server), abi::RunState::receiving) << "it is no longer its receiver";
    EXPECT_EQ(server.process->full_endpoint_count, 0u);
    world.invoke(other, {.control = receive_control()});
    ASSERT_EQ(bind(other), Error::none);
    while (world.state(other) == abi::RunState::receiving) ASSERT_NE(world.dispatch().raw(), 0u);
    expect_received(other, 1);
    expect_empty(service);
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
}

TEST_F(BufferTest, BoundAwayAndBackItIsDeliveredOnce) {
    send(sender, {1});
    ASSERT_EQ(bind(other), Error::none);
    ASSERT_EQ(bind(server), Error::none);
    EXPECT_EQ(times_listed(service), 1);
    listen();
    expect_received(server, 1);
    world.invoke(other, {.control = receive_control()});
    EXPECT_EQ(world.state(other), abi::RunState::receiving);
    EXPECT_EQ(other.process->full_endpoint_count, 0u);
}

TEST_F(BufferTest, DestroyedWithAMessageThatNobodyTook) {
    world.give(sender, 20, world.to_page(world.page()));
    send(sender, {1}, {20});
    send(other, {2});
    ASSERT_TRUE(waits(other));
    auto const heap = world.object(abi::FrameType::heap);
    FrameWriter(world.kernel(), heap.frame, 0, world.committed).object<abi::Heap>().object_type =
        static_cast<std::uint8_t>(abi::FrameType::endpoint);
    world.give(owner, 51, world.capability(abi::CapabilityType::heap, heap));
    world.invoke(
        owner,
        {.slot = 51, .control = call_control(), .words = {abi::operation_code(9, 2)}, .send_slots = {50}});
    ASSERT_EQ(world.word(owner, 0), 0u);
    EXPECT_EQ(IpcWorld::view(service).buffer_state, abi::BufferState::off);
    EXPECT_TRUE(IpcWorld::view(service).buffer_capabilities[0].is_null());
    world.repeat(other);
    EXPECT_EQ(world.error(other), Error::void_capability);
    // R3: another endpoint in its place has no message.
    use_object(world.kernel(), service, world.committed);
    world.bind(service, server);
    listen({30});
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
    EXPECT_EQ(server.process->full_endpoint_count, 0u);
}

TEST_F(BufferTest, RevokedWithAMessageThatNobodyTook) {
    world.give(sender, 20, world.to_page(world.page()));
    send(sender, {1}, {20});
    ASSERT_EQ(operate(6), Error::none);
    expect_empty(service);
    listen({30});
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
}

// A receiver that names a place that it does not have is faulted; the message is not lost with that.
TEST_F(BufferTest, ABrokenReceiverIsFaultedAndTheMessageStays) {
    constexpr std::uint64_t nowhere = 5000;
    send(sender, {1});
    listen({nowhere});
    EXPECT_EQ(world.state(server), abi::RunState::faulted);
    EXPECT_EQ(server.process->fault_code,
              static_cast<std::uint32_t>(abi::FaultCode::invalid_capability_reference));
    expect_kept(service, 1);
    auto& object = world.object_of(server);
    object.state = abi::RunState::ready;
    object.fault_code = 0;
    listen({30});
    expect_received(server, 1);
}

TEST_F(BufferTest, AProcessListsSixteenEndpointsAtMost) {
    std::vector<Target> endpoints;
    for (std::size_t i = 0; i <= abi::process_full_endpoints; ++i) {
        endpoints.push_back(world.endpoint(&server));
        manage(endpoints.back());
        ASSERT_EQ(switch_buffer(true), Error::none);
        world.give_entry(sender, entry_slot, endpoints.back());
        send(sender, {i});
        ASSERT_EQ(went_on(sender), i < abi::process_full_endpoints);
    }
    EXPECT_TRUE(waits(sender));
    // A receiver with a full list cannot become that of another full endpoint.
    world.give_entry(other, entry_slot, service);
    ASSERT_EQ((manage(service), bind(other)), Error::none);
    send(other, {50}); // to itself
    ASSERT_TRUE(went_on(other));
    EXPECT_EQ(bind(server), Error::limit_reached);
    for (std::uint64_t i = 0; i < abi::process_full_endpoints; ++i) {
        listen();
        expect_received(server, i);
        if (world.place(sender) == Place::ready && world.registers(sender).rip == at_invocation)
            world.repeat(sender);
    }
    listen();
    while (world.state(server) == abi::RunState::receiving) {
        if (world.dispatch() == sender.frame) world.repeat(sender);
    }
    expect_received(server, abi::process_full_endpoints);
    world.invoke(other, {.control = receive_control()});
    expect_received(other, 50);
}

TEST_F(BufferTest, SwitchingNeedsTheRightToReceiveAndAnEmptyBuffer) {
    manage(service, abi::Right::manage | abi::Right::send);
    EXPECT_EQ(switch_buffer(false), Error::no_right);
    manage(service);
    world.give(owner, page_slot, world.to_page(world.page(), abi::Right::read_only));
    EXPECT_EQ(switch_buffer(true, page_slot), Error::no_right);
    world.give(owner, page_slot, abi::Capability::number(1, 1));
    EXPECT_EQ(switch_buffer(true, page_slot), Error::wrong_type);
    send(sender, {1});
    EXPECT_EQ(switch_buffer(false), Error::in_use);
    EXPECT_EQ(switch_buffer(true), Error::in_use);
    expect_kept(service, 1);
    listen();
    expect_received(server, 1);
    EXPECT_EQ(switch_buffer(false), Error::none);
    EXPECT_EQ(IpcWorld::view(service).buffer_state, abi::BufferState::off);
}

// R5: an old reply that lay in a buffer would answer a later call.
TEST_F(BufferTest, R5_SingleUseEndpointsHaveNoBuffer) {
    EXPECT_EQ(operate(3), Error::in_use);
    ASSERT_EQ(switch_buffer(false), Error::none);
    EXPECT_EQ(operate(3), Error::none);
    EXPECT_EQ(switch_buffer(true), Error::not_supported);
}

} // namespace kernel::testing
