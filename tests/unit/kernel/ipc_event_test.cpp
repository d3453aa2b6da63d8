// SPDX-License-Identifier: Apache-2.0
// Events: before messages, OR-ed, cleared when delivered, found again after queues are gone.
#include "ipc_fixture.hpp"

#include <ipc/event.hpp>

namespace {

using namespace kernel;
using namespace kernel::testing;

class EventTest : public ::testing::Test {
protected:
    EventTest() {
        server = world.party();
        bell = world.endpoint(&server);
        world.writable_endpoint(bell).value = 5;
    }
    EndpointRef bell_ref() const { return {bell.frame, bell.index}; }
    void post(std::uint64_t bits) {
        auto const posted = post_event(world.kernel(), bell_ref(), bits, world.committed);
        EXPECT_TRUE(posted);
    }
    void listen() { world.invoke(server, {.control = receive_control()}); }
    void expect_event(std::uint64_t bits) {
        EXPECT_EQ(world.state(server), abi::RunState::ready);
        EXPECT_EQ(world.control(server).kind(), abi::MessageKind::event);
        EXPECT_EQ(world.control(server).get<Control::Words>(), 1u);
        EXPECT_EQ(world.word(server, 0), bits);
        EXPECT_EQ(world.registers(server).rsi, 5u);
        EXPECT_EQ(IpcWorld::view(bell).event_bits, 0u);
    }

    IpcWorld world;
    Party server;
    Target bell;
};

TEST_F(EventTest, DeliveredToAWaitingReceiver) {
    listen();
    post(4);
    expect_event(4);
}

TEST_F(EventTest, KeptAndOredUntilReceived) {
    post(1);
    post(8);
    post(8);
    EXPECT_EQ(IpcWorld::view(bell).event_bits, 9u);
    listen();
    expect_event(9);
    listen();
    EXPECT_EQ(world.state(server), abi::RunState::receiving) << "delivered once";
}

TEST_F(EventTest, ComesBeforeMessages) {
    auto const client = world.party();
    world.give_entry(client, 10, world.endpoint(&server));
    world.invoke(client, {.slot = 10, .control = send_control(), .words = {1}});
    ASSERT_EQ(world.place(client), Place::waiting);
    post(2);
    listen();
    expect_event(2);
    EXPECT_EQ(world.place(client), Place::waiting);
}

TEST_F(EventTest, ClosedWaitOnAnotherEndpointKeepsIt) {
    auto const other = world.endpoint(&server);
    world.give(server, 60, world.capability(abi::CapabilityType::endpoint, other, abi::endpoint_permissions));
    world.invoke(server, {.control = receive_control().with<Control::ClosedWait>(1), .receive_endpoint = 60});
    EXPECT_FALSE(server.process->is_live());
    post(3);
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
    EXPECT_TRUE(server.process->is_live()) << "R16: after a restart somebody has to look at the bits";
    auto& object = world.object_of(server);
    object.state = abi::RunState::ready;
    object.receive_control = 0;
    listen();
    expect_event(3);
}

TEST_F(EventTest, MaskedBitsAreDropped) {
    world.writable_endpoint(bell).event_mask = 6;
    listen();
    post(1);
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
    post(7);
    expect_event(6);
}

TEST_F(EventTest, R18_BitsWaitForTheNextReceiver) {
    world.store(object_slot(abi::FrameType::endpoint, bell, 0), abi::Capability::null());
    post(2);
    EXPECT_EQ(IpcWorld::view(bell).event_bits, 2u);
    listen();
    world.bind(bell, server);
    take_over(world.kernel(), bell_ref(), server.process, world.committed);
    expect_event(2);
}

TEST_F(EventTest, EndpointsOfAnotherReceiverAreDroppedFromTheList) {
    post(2);
    auto const other = world.party();
    world.bind(bell, other);
    listen();
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
    EXPECT_EQ(server.process->event_endpoint_count, 0u);
    EXPECT_EQ(IpcWorld::view(bell).event_bits, 2u);
}

TEST_F(EventTest, TooManyUndeliveredEndpointsAreRefused) {
    std::vector<Target> bells;
    for (std::size_t i = 0; i < abi::process_event_endpoints; ++i) {
        bells.push_back(world.endpoint(&server));
        EXPECT_TRUE(post_event(world.kernel(), {bells[i].frame, bells[i].index}, 1, world.committed));
    }
    EXPECT_EQ(may_post(world.kernel(), bell_ref()).error, Error::limit_reached);
    listen();
    EXPECT_EQ(world.control(server).kind(), abi::MessageKind::event);
    EXPECT_TRUE(may_post(world.kernel(), bell_ref()));
}

TEST_F(EventTest, PollingGetsAnEventOrWouldBlock) {
    auto const poll = Request{.control = receive_control().with<Control::ReceiveNonBlocking>(1)};
    world.invoke(server, poll);
    EXPECT_EQ(world.dispatch().raw(), server.frame.raw());
    EXPECT_EQ(world.error(server), Error::would_block);
    EXPECT_EQ(world.state(server), abi::RunState::ready);
    post(1);
    world.invoke(server, poll);
    expect_event(1);
}

TEST_F(EventTest, AlarmsFireOnceInTime) {
    auto& events = kernel_events(world.kernel());
    auto const frame = world.transient(abi::FrameType::endpoint);
    auto const endpoint = world.object_in(frame, 3);
    BoundEvent const event{object_id_of(world.memory(), endpoint),
                           abi::Version(IpcWorld::view(endpoint).header.version), 16};
    world.bind(endpoint, server);
    ASSERT_TRUE(events.set_alarm(event, 500));
    EXPECT_FALSE(events.take_due(499).bound());
    listen();
    post_bound(world.kernel(), events.take_due(500));
    EXPECT_EQ(world.word(server, 0), 16u);
    EXPECT_FALSE(events.take_due(1'000'000).bound());
    ASSERT_TRUE(events.set_alarm(event, 600));
    ASSERT_TRUE(events.set_alarm(event, 0));
    EXPECT_EQ(events.next_alarm, 0u);
}

TEST_F(EventTest, StaleBindingsAreIgnored) {
    auto const frame = world.transient(abi::FrameType::endpoint);
    auto const endpoint = world.object_in(frame, 0);
    BoundEvent const event{object_id_of(world.memory(), endpoint),
                           abi::Version(IpcWorld::view(endpoint).header.version), 1};
    destroy_object(world.kernel(), endpoint, world.committed);
    world.object_in(frame, 0);
    post_bound(world.kernel(), event);
    EXPECT_EQ(IpcWorld::view(endpoint).event_bits, 0u);
}

} // namespace
