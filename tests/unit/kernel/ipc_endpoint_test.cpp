// SPDX-License-Identifier: Apache-2.0
// Endpoints as their holders and waiters meet them: who waits, in which order, what a phase that must not
// block does, how an end is told, and what of all that a snapshot holds.
#include "fake_store.hpp"
#include "ipc_fixture.hpp"

#include <ipc/event.hpp>

namespace {

using namespace kernel;
using namespace kernel::testing;

class EndpointTest : public ::testing::Test {
protected:
    EndpointTest() {
        client = world.party();
        server = world.party();
        owner = world.party();
        service = world.endpoint(&server);
        world.give_entry(client, 10, service);
        manage(service);
    }
    // The owner gets all rights to it.
    void manage(Target endpoint) {
        world.give(owner, 50,
                   world.capability(abi::CapabilityType::endpoint, endpoint, abi::endpoint_permissions));
    }
    void operate(std::uint32_t slot, std::uint16_t interface, std::uint16_t method,
                 std::vector<std::uint64_t> send_slots = {}) {
        world.invoke(owner, {.slot = slot,
                             .control = call_control(),
                             .words = {abi::operation_code(interface, method)},
                             .send_slots = std::move(send_slots)});
        ASSERT_EQ(world.word(owner, 0), 0u);
    }
    void revoke() { operate(50, 7, 6); }
    // Through a heap, as a program does it.
    void destroy() {
        auto const heap = world.object(abi::FrameType::heap);
        FrameWriter(world.kernel(), heap.frame, 0, world.committed).object<abi::Heap>().object_type =
            static_cast<std::uint8_t>(abi::FrameType::endpoint);
        world.give(owner, 51, world.capability(abi::CapabilityType::heap, heap));
        operate(51, 9, 2, {50});
    }
    void listen(std::vector<std::uint64_t> receive_slots = {}) {
        world.invoke(server, {.control = receive_control(), .receive_slots = std::move(receive_slots)});
    }
    void call(std::uint64_t word) {
        world.invoke(client, {.slot = 10, .control = call_control(), .words = {word}});
    }
    void call_answered_later() {
        listen({20});
        call(1);
        ASSERT_EQ(world.state(client), abi::RunState::receiving);
    }
    Error reply(Control control = send_control()) {
        world.invoke(server, {.slot = 20, .control = control, .words = {0}});
        return world.error(server);
    }
    void expect_client_is_told() {
        ASSERT_EQ(world.place(client), Place::ready);
        world.repeat(client);
        EXPECT_EQ(world.error(client), Error::void_capability);
        EXPECT_EQ(world.place(client), Place::ready);
    }
    static constexpr Control non_blocking_send = send_control().with<Control::SendNonBlocking>(1);
    static constexpr Control poll = receive_control().with<Control::ReceiveNonBlocking>(1);

    IpcWorld world;
    Party client;
    Party server;
    Party owner;
    Target service;
};

TEST_F(EndpointTest, DestroyedWhileASenderWaitsForItsReceiver) {
    call(1);
    ASSERT_EQ(world.place(client), Place::waiting);
    destroy();
    expect_client_is_told();
}

TEST_F(EndpointTest, DestroyedWhileASenderWaitsForAnyReceiver) {
    auto const orphan = world.endpoint();
    world.give_entry(client, 10, orphan);
    manage(orphan);
    call(1);
    ASSERT_EQ(world.place(client), Place::waiting);
    destroy();
    expect_client_is_told();
}

TEST_F(EndpointTest, RevokedWhileASenderWaitsForAnyReceiver) {
    auto const orphan = world.endpoint();
    world.give_entry(client, 10, orphan);
    manage(orphan);
    call(1);
    ASSERT_EQ(world.place(client), Place::waiting);
    revoke();
    expect_client_is_told();
}

// R3: another endpoint in its place is no concern of those who knew the old one.
TEST_F(EndpointTest, R3_DestroyedAndMadeAnew) {
    destroy();
    use_object(world.kernel(), service, world.committed);
    world.bind(service, server);
    listen();
    call(1);
    EXPECT_EQ(world.error(client), Error::void_capability);
    world.invoke(owner, {.slot = 50, .control = call_control(), .words = {abi::operation_code(7, 6)}});
    EXPECT_EQ(world.word(owner, 0), static_cast<std::uint64_t>(Error::void_capability));
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
    world.give_entry(client, 10, service);
    call(2);
    EXPECT_EQ(world.word(server, 0), 2u);
}

// R18: the receiver is destroyed, not the endpoint; whoever is bound next gets the message.
TEST_F(EndpointTest, R18_SendersOfADestroyedReceiverWaitForTheNext) {
    call(6);
    destroy_object(world.kernel(), server.process.target(), world.committed);
    auto const next = world.party();
    world.give(owner, 52, world.capability(abi::CapabilityType::process, next.process.target()));
    operate(50, 7, 0, {52});
    ASSERT_EQ(world.place(client), Place::ready);
    world.repeat(client);
    ASSERT_EQ(world.place(client), Place::waiting);
    world.invoke(next, {.control = receive_control()});
    ASSERT_EQ(world.place(client), Place::ready);
    world.repeat(client);
    EXPECT_EQ(world.word(next, 0), 6u);
}

TEST_F(EndpointTest, DestroyedWithEventsThatNobodyTook) {
    auto const bell = world.endpoint(&server);
    ASSERT_TRUE(post_event(world.kernel(), {bell.frame, bell.index}, 3, world.committed));
    ASSERT_EQ(server.process->event_endpoint_count, 1u);
    manage(bell);
    destroy();
    listen();
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
    EXPECT_EQ(server.process->event_endpoint_count, 0u);
}

TEST_F(EndpointTest, WaitingSendersGoInTheOrderOfTheirComing) {
    std::vector<Party> senders;
    for (std::uint64_t i = 0; i < 4; ++i) {
        senders.push_back(world.party());
        world.give_entry(senders.back(), 10, service);
        world.invoke(senders.back(), {.slot = 10, .control = send_control(), .words = {i}});
        ASSERT_EQ(world.place(senders.back()), Place::waiting);
    }
    for (std::uint64_t i = 0; i < senders.size(); ++i) {
        listen();
        for (int turn = 0; turn < 20 && world.state(server) == abi::RunState::receiving; ++turn) {
            auto const next = world.dispatch();
            for (auto const& sender : senders)
                if (sender.frame == next && world.registers(sender).rip == 0x400000) world.repeat(sender);
        }
        ASSERT_EQ(world.state(server), abi::RunState::ready);
        EXPECT_EQ(world.word(server, 0), i);
    }
    listen();
    while (world.place(server) == Place::ready) world.dispatch();
    EXPECT_EQ(world.state(server), abi::RunState::receiving) << "each was delivered once";
}

TEST_F(EndpointTest, NonBlockingSendWithoutReceiver) {
    world.give_entry(client, 10, world.endpoint());
    world.invoke(client, {.slot = 10, .control = non_blocking_send, .words = {1}});
    EXPECT_EQ(world.error(client), Error::would_block);
    EXPECT_EQ(world.place(client), Place::ready);
}

TEST_F(EndpointTest, NonBlockingCallToABusyReceiverLeavesNoReplyBehind) {
    auto const count = IpcWorld::view(client.reply).reply_count;
    world.invoke(client,
                 {.slot = 10, .control = call_control().with<Control::SendNonBlocking>(1), .words = {1}});
    EXPECT_EQ(world.error(client), Error::would_block);
    EXPECT_EQ(world.state(client), abi::RunState::ready);
    EXPECT_EQ(IpcWorld::view(client.reply).reply_count, count);
}

TEST_F(EndpointTest, MessageOfANonBlockingSendIsDroppedBeforeTheReceivePhase) {
    world.invoke(client,
                 {.slot = 10, .control = non_blocking_send.with<Control::ReceivePhase>(1), .words = {1}});
    EXPECT_EQ(world.state(client), abi::RunState::receiving);
    listen();
    EXPECT_EQ(world.state(server), abi::RunState::receiving) << "dropped, not kept";
}

TEST_F(EndpointTest, BlockingSendThatFailsDoesNotReceive) {
    world.invoke(client,
                 {.slot = 33, .control = send_control().with<Control::ReceivePhase>(1), .words = {1}});
    EXPECT_EQ(world.error(client), Error::void_capability);
    EXPECT_EQ(world.state(client), abi::RunState::ready);
}

TEST_F(EndpointTest, PollingTakesTheMessageOfASenderReadyToRetry) {
    call(9);
    ASSERT_EQ(world.place(client), Place::waiting);
    world.invoke(server, {.control = poll, .receive_slots = {20}});
    ASSERT_EQ(world.place(client), Place::ready);
    world.repeat(client);
    EXPECT_EQ(world.state(server), abi::RunState::ready);
    EXPECT_EQ(world.error(server), Error::none);
    EXPECT_EQ(world.word(server, 0), 9u);
    EXPECT_EQ(reply(), Error::none);
    EXPECT_EQ(world.state(client), abi::RunState::ready);
}

// A caller that polls for its answer and has gone on is not answered later, and does not block its server.
TEST_F(EndpointTest, ReplyToACallerThatGaveUp) {
    listen({20});
    world.invoke(client,
                 {.slot = 10, .control = call_control().with<Control::ReceiveNonBlocking>(1), .words = {1}});
    while (world.state(client) == abi::RunState::receiving) world.dispatch();
    EXPECT_EQ(world.error(client), Error::would_block);
    EXPECT_EQ(reply(non_blocking_send), Error::would_block);
    EXPECT_EQ(world.error(client), Error::would_block) << "it was left alone";
    EXPECT_EQ(world.place(server), Place::ready);
}

// A server answers once and waits for nobody: an answer that a stopped caller did not get would be lost.
TEST_F(EndpointTest, ReplyReachesAStoppedCallerAndLeavesItStopped) {
    call_answered_later();
    world.give(owner, 53, world.capability(abi::CapabilityType::process, client.process.target()));
    operate(53, 5, 4);
    ASSERT_EQ(world.state(client), abi::RunState::stopped);
    EXPECT_EQ(reply(non_blocking_send), Error::none);
    EXPECT_EQ(reply(non_blocking_send), Error::void_capability);
    EXPECT_EQ(world.state(client), abi::RunState::stopped);
    for (int turn = 0; turn < 3; ++turn) EXPECT_NE(world.dispatch().raw(), client.frame.raw());
    world.invoke(owner,
                 {.slot = 53, .control = call_control(), .words = {abi::operation_code(5, 3), 1}}); // resume
    ASSERT_EQ(world.word(owner, 0), 0u);
    EXPECT_EQ(world.state(client), abi::RunState::ready);
    EXPECT_EQ(world.error(client), Error::none);
    EXPECT_EQ(world.control(client).get<Control::Kind>(), static_cast<unsigned>(abi::MessageKind::reply));
}

// Requests wait for a server that is stopped; it may not be there to see them for years.
TEST_F(EndpointTest, AStoppedServerTakesNoRequest) {
    listen({20});
    world.give(owner, 53, world.capability(abi::CapabilityType::process, server.process.target()));
    operate(53, 5, 4);
    ASSERT_EQ(world.state(server), abi::RunState::stopped);
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {1}});
    EXPECT_EQ(world.place(client), Place::waiting);
    EXPECT_EQ(world.state(server), abi::RunState::stopped);
}

// R5: an open wait accepts messages of every endpoint, of the reply endpoint too, but no spent reply.
TEST_F(EndpointTest, R5_OpenWaitTakesNoSpentReply) {
    call_answered_later();
    ASSERT_EQ(reply(), Error::none);
    world.invoke(client, {.control = receive_control()});
    ASSERT_EQ(world.state(client), abi::RunState::receiving);
    EXPECT_EQ(reply(), Error::void_capability);
    EXPECT_EQ(world.state(client), abi::RunState::receiving);
}

// What a snapshot holds of messages on their way, read from the images that it wrote.
class EndpointSnapshot : public EndpointTest {
protected:
    abi::Process const& stored(Party const& party) const { return object<abi::Process>(party.frame, 0); }
    abi::Endpoint const& stored(Target endpoint) {
        return object<abi::Endpoint>(world.header(endpoint.frame).id, endpoint.index);
    }
    bool runs_on(Party const& party) const { return store.committed().at(party.frame.raw()).image.live; }

    FakeStore store{world};

private:
    template <class T>
    T const& object(abi::FrameId frame, unsigned index) const {
        auto const& content = store.committed().at(frame.raw()).content;
        return base::view<T>(base::ConstBytes(content), index * sizeof(T));
    }
};

TEST_F(EndpointSnapshot, R5_ReplyUsedAfterTheSnapshotIsUnusedInIt) {
    call_answered_later();
    auto const payload = world.held(server, 20).payload();
    ASSERT_NO_FATAL_FAILURE(store.begin());
    ASSERT_EQ(reply(), Error::none);
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
    ASSERT_NO_FATAL_FAILURE(store.commit());
    EXPECT_EQ(stored(client.reply).reply_count, payload);
    EXPECT_EQ(stored(client).state, abi::RunState::receiving);
    EXPECT_FALSE(runs_on(client));
    EXPECT_EQ(IpcWorld::view(client.reply).reply_count, payload + 1);
}

TEST_F(EndpointSnapshot, R5_ReplyUsedBeforeTheSnapshotIsSpentInIt) {
    call_answered_later();
    auto const payload = world.held(server, 20).payload();
    ASSERT_NO_FATAL_FAILURE(store.checkpoint()); // the endpoint is clean when the reply comes
    ASSERT_EQ(reply(), Error::none);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(stored(client.reply).reply_count, payload + 1);
    EXPECT_EQ(stored(client).state, abi::RunState::ready);
    EXPECT_TRUE(runs_on(client));
}

TEST_F(EndpointSnapshot, MessageOfAWaitingSenderIsSentAgain) {
    call(77);
    ASSERT_EQ(world.place(client), Place::waiting);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_TRUE(runs_on(client));
    EXPECT_EQ(stored(client).state, abi::RunState::ready);
    EXPECT_EQ(stored(client).registers.rip, 0x400000u) << "at the invocation";
    EXPECT_EQ(stored(client).registers.rdx, 77u);
}

TEST_F(EndpointSnapshot, EventsWaitInTheSnapshotAsTheyWaitedAtItsInstant) {
    auto const bell = world.endpoint(&server);
    EndpointRef const reference{bell.frame, bell.index};
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    ASSERT_TRUE(post_event(world.kernel(), reference, 1, world.committed));
    ASSERT_NO_FATAL_FAILURE(store.begin());
    ASSERT_TRUE(post_event(world.kernel(), reference, 4, world.committed));
    listen();
    EXPECT_EQ(world.word(server, 0), 5u);
    ASSERT_NO_FATAL_FAILURE(store.drain_all());
    ASSERT_NO_FATAL_FAILURE(store.commit());
    EXPECT_EQ(stored(bell).event_bits, 1u);
    ASSERT_EQ(stored(server).event_endpoint_count, 1u);
    EXPECT_EQ(stored(server).event_endpoints[0], object_id_of(world.memory(), bell).raw());
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    EXPECT_EQ(stored(bell).event_bits, 0u) << "delivered, and never again";
    EXPECT_EQ(stored(server).event_endpoint_count, 0u);
}

} // namespace
