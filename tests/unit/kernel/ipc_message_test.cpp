// SPDX-License-Identifier: Apache-2.0
// Messages and replies between processes: transfer, blocking, single use, and what a retry finds.
#include "ipc_fixture.hpp"

#include <fetch/supply.hpp>
#include <snapshot/drain.hpp>
#include <snapshot/release.hpp>
#include <snapshot/take.hpp>

#include <cstring>

namespace {

using namespace kernel;
using namespace kernel::testing;

class MessageTest : public ::testing::Test {
protected:
    MessageTest() {
        client = world.party();
        server = world.party();
        service = world.endpoint(&server);
        world.writable_endpoint(service).value = 0x5e12'0001;
        world.give_entry(client, 10, service, 77);
    }
    void listen(std::vector<std::uint64_t> receive_slots = {}) {
        world.invoke(server, {.control = receive_control(), .receive_slots = std::move(receive_slots)});
    }

    IpcWorld world;
    Party client;
    Party server;
    Target service;
};

TEST_F(MessageTest, CallAndReply) {
    listen({20});
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
    EXPECT_EQ(world.place(server), Place::idle);
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {1, 2, 3}});
    EXPECT_EQ(world.state(client), abi::RunState::receiving);
    EXPECT_EQ(world.state(server), abi::RunState::ready);
    EXPECT_EQ(world.error(server), Error::none);
    EXPECT_EQ(world.control(server).get<Control::Words>(), 3u);
    EXPECT_EQ(world.control(server).get<Control::Capabilities>(), 1u);
    EXPECT_EQ(world.control(server).get<Control::Payload>(), 77u);
    EXPECT_EQ(world.control(server).kind(), abi::MessageKind::message);
    EXPECT_EQ(world.registers(server).rsi, 0x5e12'0001u);
    EXPECT_EQ(world.word(server, 0), 1u);
    EXPECT_EQ(world.word(server, 2), 3u);
    EXPECT_EQ(world.held(server, 20).type(), abi::CapabilityType::entry);

    world.invoke(server,
                 {.slot = 20,
                  .control = send_control().with<Control::ReceivePhase>(1).with<Control::SendNonBlocking>(1),
                  .words = {0, 99}});
    EXPECT_EQ(world.state(client), abi::RunState::ready);
    EXPECT_EQ(world.control(client).kind(), abi::MessageKind::reply);
    EXPECT_EQ(world.word(client, 1), 99u);
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
}

TEST_F(MessageTest, WordsBeyondTheSentStayTheReceivers) {
    listen();
    for (std::size_t i = 0; i < 8; ++i) IpcWorld::word_of(world.registers(server), i) = 1000 + i;
    world.invoke(client, {.slot = 10, .control = send_control(), .words = {5, 6}});
    EXPECT_EQ(world.word(server, 0), 5u);
    EXPECT_EQ(world.word(server, 1), 6u);
    for (std::size_t i = 2; i < 8; ++i) EXPECT_EQ(world.word(server, i), 1000 + i);
}

TEST_F(MessageTest, SixtyFourWordsGoThroughTheRegisterPages) {
    listen();
    std::vector<std::uint64_t> words(64);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = 0x1111 * (i + 1);
    world.invoke(client, {.slot = 10, .control = send_control(), .words = words});
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(world.word(server, i), words[i]);
    auto const& page = object_view<abi::VirtualRegisters>(server.registers_page);
    for (std::size_t i = 8; i < 64; ++i) EXPECT_EQ(page.words[i], words[i]);
    EXPECT_EQ(world.control(server).get<Control::Words>(), 64u);
}

// R37: places of the message that were not sent are null at the receiver.
TEST_F(MessageTest, R37_UnsentCapabilityPlacesAreNulled) {
    for (std::uint32_t slot = 20; slot < 24; ++slot)
        world.give(server, slot, abi::Capability::number(1, slot));
    world.give(client, 30, abi::Capability::number(7, 8));
    listen({20, 21, 22});
    world.invoke(client, {.slot = 10, .control = send_control(), .words = {1}, .send_slots = {30}});
    EXPECT_EQ(world.held(server, 20), abi::Capability::number(7, 8));
    EXPECT_TRUE(world.held(server, 21).is_null());
    EXPECT_TRUE(world.held(server, 22).is_null());
    EXPECT_EQ(world.held(server, 23), abi::Capability::number(1, 23)) << "not accepted: untouched";
}

TEST_F(MessageTest, CapabilitiesBeyondTheAcceptedAreDropped) {
    world.give(client, 30, abi::Capability::number(7, 8));
    world.give(client, 31, abi::Capability::number(7, 9));
    listen({20});
    world.invoke(client, {.slot = 10, .control = send_control(), .words = {1}, .send_slots = {30, 31}});
    EXPECT_EQ(world.held(server, 20), abi::Capability::number(7, 8));
    EXPECT_EQ(world.control(server).get<Control::Capabilities>(), 2u);
}

// R5: a reply entry is good for one answer, and a new call makes every older one void.
TEST_F(MessageTest, R5_RepliesAreSingleUse) {
    listen({20});
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {1}});
    auto const kept = world.held(server, 20);
    world.give(server, 40, kept);
    world.invoke(server, {.slot = 20, .control = send_control(), .words = {0}});
    EXPECT_EQ(world.state(client), abi::RunState::ready);

    listen({21});
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {2}});
    EXPECT_EQ(world.state(client), abi::RunState::receiving);
    world.invoke(server, {.slot = 40, .control = send_control(), .words = {0}});
    EXPECT_EQ(world.error(server), Error::void_capability);
    EXPECT_EQ(world.state(client), abi::RunState::receiving) << "the old entry must not answer the new call";
    world.invoke(server, {.slot = 21, .control = send_control(), .words = {0}});
    EXPECT_EQ(world.state(client), abi::RunState::ready);
}

TEST_F(MessageTest, R5_TheVersionRisesBeforeTheCountWraps) {
    world.writable_endpoint(client.reply).reply_count = 0xffff'fffd;
    auto const version = IpcWorld::view(client.reply).header.version;
    for (int round = 0; round < 3; ++round) {
        listen({20});
        world.invoke(client, {.slot = 10, .control = call_control(), .words = {1}});
        world.invoke(server, {.slot = 20, .control = send_control(), .words = {0}});
        ASSERT_EQ(world.error(server), Error::none) << round;
        ASSERT_EQ(world.state(client), abi::RunState::ready) << round;
    }
    EXPECT_EQ(IpcWorld::view(client.reply).header.version, version + 1);
    EXPECT_LT(IpcWorld::view(client.reply).reply_count, 10u);
}

TEST_F(MessageTest, BusyReceiverBlocksTheSenderWithItsRegistersAsTheyWere) {
    world.load(client, {.slot = 10, .control = call_control(), .words = {1, 2, 3, 4, 5, 6, 7, 8}});
    auto const before = world.registers(client);
    world.repeat(client);
    EXPECT_EQ(world.place(client), Place::waiting);
    EXPECT_EQ(world.state(client), abi::RunState::ready);
    auto after = world.registers(client);
    after.rcx = before.rcx; // destroyed by the instruction itself
    EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);

    listen({20});
    EXPECT_EQ(world.place(client), Place::ready) << "the receiver wakes who waits for it";
    world.repeat(client);
    EXPECT_EQ(world.state(server), abi::RunState::ready);
    EXPECT_EQ(world.word(server, 7), 8u);
}

TEST_F(MessageTest, NonBlockingSendToABusyReceiver) {
    world.invoke(client,
                 {.slot = 10, .control = send_control().with<Control::SendNonBlocking>(1), .words = {1}});
    EXPECT_EQ(world.error(client), Error::would_block);
    EXPECT_EQ(world.place(client), Place::ready);
}

// R18: a void receiver means "no receiver now": senders block, and the next one bound gets their messages.
TEST_F(MessageTest, R18_NoReceiverBlocksUntilOneIsBound) {
    auto const orphan = world.endpoint();
    world.give_entry(client, 11, orphan);
    world.invoke(client, {.slot = 11, .control = call_control(), .words = {6}});
    EXPECT_EQ(world.place(client), Place::waiting);
    listen({20});
    EXPECT_EQ(world.place(client), Place::waiting) << "not its endpoint";
    world.give(server, 50,
               world.capability(abi::CapabilityType::endpoint, orphan, abi::endpoint_permissions));
    world.give(server, 51, world.capability(abi::CapabilityType::process, server.process.target()));
    auto const other = world.party();
    world.give(other, 50, world.capability(abi::CapabilityType::endpoint, orphan, abi::endpoint_permissions));
    world.give(other, 51, world.capability(abi::CapabilityType::process, server.process.target()));
    auto const bind = abi::operation_code(7, 0);
    world.invoke(other, {.slot = 50, .control = call_control(), .words = {bind}, .send_slots = {51}});
    EXPECT_EQ(world.word(other, 0), 0u);
    EXPECT_EQ(world.place(client), Place::ready);
    world.repeat(client);
    EXPECT_EQ(world.word(server, 0), 6u);
}

TEST_F(MessageTest, ClosedWaitLetsOnlyItsEndpointThrough) {
    auto const other = world.endpoint(&server);
    world.give(server, 60, world.capability(abi::CapabilityType::endpoint, other, abi::endpoint_permissions));
    world.give_entry(client, 12, other);
    world.invoke(server, {.control = receive_control().with<Control::ClosedWait>(1), .receive_endpoint = 60});
    ASSERT_EQ(world.state(server), abi::RunState::receiving);
    world.invoke(client, {.slot = 10, .control = send_control(), .words = {1}});
    EXPECT_EQ(world.place(client), Place::waiting);
    auto const second = world.party();
    world.give_entry(second, 12, other);
    world.invoke(second, {.slot = 12, .control = send_control(), .words = {2}});
    EXPECT_EQ(world.state(server), abi::RunState::ready);
    EXPECT_EQ(world.word(server, 0), 2u);
    EXPECT_EQ(world.place(client), Place::waiting);
    listen();
    EXPECT_EQ(world.place(client), Place::ready);
}

TEST_F(MessageTest, DestroyedEndpointsEntriesAreVoid) {
    destroy_object(world.kernel(), service, world.committed);
    listen();
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {1}});
    EXPECT_EQ(world.error(client), Error::void_capability);
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
}

TEST_F(MessageTest, RevokedWhileASenderWaits) {
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {1}});
    ASSERT_EQ(world.place(client), Place::waiting);
    auto const owner = world.party();
    world.give(owner, 50,
               world.capability(abi::CapabilityType::endpoint, service, abi::endpoint_permissions));
    world.invoke(owner, {.slot = 50, .control = call_control(), .words = {abi::operation_code(7, 6)}});
    EXPECT_EQ(world.word(owner, 0), 0u);
    ASSERT_EQ(world.place(client), Place::ready);
    world.repeat(client);
    EXPECT_EQ(world.error(client), Error::void_capability);
}

TEST_F(MessageTest, NonBlockingReplyToAGoneCallerGoesOnToReceive) {
    world.invoke(server,
                 {.slot = 33, // null
                  .control = send_control().with<Control::ReceivePhase>(1).with<Control::SendNonBlocking>(1),
                  .words = {0}});
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
}

// R36: a receiver without a usable register page is faulted, the sender told.
TEST_F(MessageTest, R36_ReceiverWithoutRegisterPageIsBroken) {
    listen();
    world.set_process_slot(server.process, abi::ProcessSlot::virtual_registers, abi::Capability::null());
    world.invoke(client, {.slot = 10, .control = call_control(), .words = std::vector<std::uint64_t>(9, 1)});
    EXPECT_EQ(world.error(client), Error::receiver_broken);
    EXPECT_EQ(world.state(server), abi::RunState::faulted);
    EXPECT_EQ(server.process->fault_code, static_cast<std::uint32_t>(abi::FaultCode::no_virtual_registers));
}

TEST_F(MessageTest, MalformedControlWords) {
    listen();
    world.invoke(client, {.slot = 10, .control = call_control().with<Control::Reserved>(1), .words = {1}});
    EXPECT_EQ(world.error(client), Error::malformed_message);
    world.invoke(client, {.slot = 10, .control = call_control().with<Control::StringCode>(1), .words = {1}});
    EXPECT_EQ(world.error(client), Error::not_supported) << "string items";
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {1}, .send_slots = {1, 2, 3, 4}});
    EXPECT_EQ(world.error(client), Error::malformed_message) << "no place is left for the reply entry";
    EXPECT_EQ(world.state(server), abi::RunState::receiving);
}

// Absent frames: the sender waits with its registers as they were, and delivers when the frame is back.
TEST_F(MessageTest, AbsentReceiverIsFetchedAndTheCallRetried) {
    listen({20});
    world.load(client, {.slot = 10, .control = call_control(), .words = {1, 2, 3, 4, 5, 6, 7, 8}});
    auto const before = world.registers(client);
    std::array<std::byte, abi::frame_size> image;
    auto const frame = server.process.frame;
    auto const id = server.frame;
    auto const mark = world.header(frame).mark;
    std::memcpy(image.data(), arch::frame_bytes(frame).data(), image.size());
    for (std::size_t i = 0; i < abi::process_slots; ++i) { // as a drain writes it
        auto const at = abi::Process::capability_offset + i * sizeof(abi::Capability);
        base::write(base::Bytes(image), at,
                    unprepared(world.kernel(), base::read<abi::Capability>(image, at)));
    }
    ASSERT_TRUE(kernel::take(world.kernel()));
    FrameImage drained;
    std::array<std::byte, abi::frame_size> content;
    while (*drain_next(world.kernel(), drained, content)) {}
    ASSERT_TRUE(commit_snapshot(world.kernel(), 1));
    ASSERT_TRUE(evict_frame(world.kernel(), frame));

    world.repeat(client);
    EXPECT_EQ(world.place(client), Place::waiting);
    auto after = world.registers(client);
    after.rcx = before.rcx;
    EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
    EXPECT_EQ(requests(world.kernel()).take(), id);

    ASSERT_TRUE(supply_frame(world.kernel(), {id, abi::FrameType::process, mark}, image));
    EXPECT_EQ(world.place(client), Place::ready);
    world.repeat(client);
    server.process.frame = world.memory().frames.find(id);
    EXPECT_EQ(world.state(server), abi::RunState::ready);
    EXPECT_EQ(world.word(server, 7), 8u);
    EXPECT_EQ(world.held(server, 20).type(), abi::CapabilityType::entry);
    world.expect_sound();
}

} // namespace
