// SPDX-License-Identifier: Apache-2.0
// What a process does when its turn comes: faults to keepers, sleep, restart over a boot, dropped queues.
#include "ipc_fixture.hpp"

#include <ipc/keeper.hpp>
#include <sched/persistent_clock.hpp>

namespace {

using namespace kernel;
using namespace kernel::testing;

class DispatchTest : public ::testing::Test {
protected:
    DispatchTest() {
        arch::fake_now_ns() = 0;
        core(world.kernel()).boot_number = 7;
        client = world.party();
        keeper = world.party();
        keeping = world.endpoint(&keeper);
    }
    void set_keeper() {
        world.set_process_slot(
            client.process, abi::ProcessSlot::keeper,
            capability_to(world.memory(), abi::CapabilityType::entry, keeping, abi::Right::send, 3));
    }
    void fault(abi::FaultCode code, std::uint64_t address) {
        record_fault(world.kernel(), client.process, {code, address}, world.committed);
        queues(world.kernel()).make_ready(queues(world.kernel()).live().find(client.frame));
    }
    void keeper_listens() { world.invoke(keeper, {.control = receive_control(), .receive_slots = {20}}); }

    IpcWorld world;
    Party client;
    Party keeper;
    Target keeping;
};

TEST_F(DispatchTest, FaultIsToldAndTheRestartIsGoodOnce) {
    set_keeper();
    keeper_listens();
    fault(abi::FaultCode::divide_error, 0x400123);
    EXPECT_EQ(world.dispatch().raw(), keeper.frame.raw());
    EXPECT_EQ(world.state(client), abi::RunState::reported);
    EXPECT_EQ(world.control(keeper).kind(), abi::MessageKind::fault);
    EXPECT_EQ(world.word(keeper, 0), static_cast<std::uint64_t>(abi::FaultCode::divide_error));
    EXPECT_EQ(world.word(keeper, 1), 0x400123u);
    EXPECT_EQ(world.held(keeper, 20).type(), abi::CapabilityType::restart);

    auto const resume = abi::operation_code(6, 0);
    world.invoke(keeper, {.slot = 20, .control = call_control(), .words = {resume, 1}});
    EXPECT_EQ(world.word(keeper, 0), 0u);
    EXPECT_EQ(world.state(client), abi::RunState::ready);
    EXPECT_EQ(client.process->fault_code, 0u);
    world.invoke(keeper, {.slot = 20, .control = call_control(), .words = {resume, 1}});
    EXPECT_EQ(world.word(keeper, 0), static_cast<std::uint64_t>(Error::void_capability));
}

TEST_F(DispatchTest, BusyKeeperIsWaitedFor) {
    set_keeper();
    fault(abi::FaultCode::bad_opcode, 1);
    while (world.place(client) == Place::ready) world.dispatch();
    EXPECT_EQ(world.place(client), Place::waiting);
    EXPECT_EQ(world.state(client), abi::RunState::faulted);
    keeper_listens();
    EXPECT_EQ(world.place(client), Place::ready);
    world.dispatch();
    EXPECT_EQ(world.state(client), abi::RunState::reported);
}

// A closed wait wakes only those who send through its endpoint: whoever is faulted does, too.
TEST_F(DispatchTest, AKeeperInAClosedWaitIsTold) {
    set_keeper();
    fault(abi::FaultCode::bad_opcode, 1);
    while (world.place(client) == Place::ready) world.dispatch();
    world.give(keeper, 21,
               world.capability(abi::CapabilityType::endpoint, keeping, abi::endpoint_permissions));
    world.invoke(keeper, {.control = receive_control().with<Control::ClosedWait>(1),
                          .receive_slots = {20},
                          .receive_endpoint = 21});
    EXPECT_EQ(world.place(client), Place::ready);
    world.dispatch();
    EXPECT_EQ(world.state(client), abi::RunState::reported);
}

TEST_F(DispatchTest, WithoutKeeperItStaysFaulted) {
    fault(abi::FaultCode::bad_opcode, 1);
    queues(world.kernel()).retire(queues(world.kernel()).live().find(keeper.frame));
    EXPECT_EQ(world.dispatch().raw(), 0u);
    EXPECT_EQ(world.state(client), abi::RunState::faulted);
    EXPECT_EQ(world.place(client), Place::idle);
}

TEST_F(DispatchTest, DeclinedMemoryFaultGoesToTheOwnKeeper) {
    set_keeper();
    auto const memory_keeper = world.party();
    auto const memory_keeping = world.endpoint(&memory_keeper);
    auto const root = world.object(abi::FrameType::patt);
    world.shape(root, 20, 16);
    world.set_pair(
        root, 15, static_cast<std::uint64_t>(abi::PattPrefix::keeper),
        capability_to(world.memory(), abi::CapabilityType::entry, memory_keeping, abi::Right::send));
    world.set_process_slot(client.process, abi::ProcessSlot::address_space, world.to_patt(root));
    world.invoke(memory_keeper, {.control = receive_control(), .receive_slots = {20}});
    keeper_listens();
    fault(abi::FaultCode::invalid_data_reference, 0x5000);
    world.dispatch();
    ASSERT_EQ(world.state(client), abi::RunState::reported);
    EXPECT_EQ(world.word(memory_keeper, 1), 0x5000u);
    EXPECT_EQ(world.state(keeper), abi::RunState::receiving);
    world.invoke(memory_keeper,
                 {.slot = 20, .control = call_control(), .words = {abi::operation_code(6, 0), 0}});
    queues(world.kernel()).retire(queues(world.kernel()).live().find(memory_keeper.frame));
    world.dispatch();
    EXPECT_EQ(world.state(client), abi::RunState::reported);
    EXPECT_EQ(world.word(keeper, 1), 0x5000u) << "the process's own keeper is told";
}

// R17: who waits for an answer of a receiver that died with its boot gets `restarted`.
TEST_F(DispatchTest, R17_AnswersOfAnEarlierBootAreRestarted) {
    auto const driver = world.transient_party();
    world.give_entry(client, 10, world.endpoint(&driver));
    world.invoke(driver, {.control = receive_control()});
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {1}});
    ASSERT_EQ(world.state(client), abi::RunState::receiving);
    EXPECT_EQ(client.process->wait_boot, 7u);
    EXPECT_TRUE(client.process->is_live());

    auto& queue = queues(world.kernel());
    auto const live = queue.live().find(client.frame);
    queue.retire(queue.live().find(driver.frame));
    queue.retire(queue.live().find(keeper.frame));
    queue.make_ready(live);
    EXPECT_EQ(world.dispatch().raw(), 0u) << "the same boot: it waits on";
    EXPECT_EQ(world.state(client), abi::RunState::receiving);

    core(world.kernel()).boot_number = 8;
    queue.make_ready(live);
    EXPECT_EQ(world.dispatch().raw(), client.frame.raw());
    EXPECT_EQ(world.error(client), Error::restarted);
    EXPECT_EQ(client.process->wait_boot, 0u);
    EXPECT_EQ(world.state(client), abi::RunState::ready);
}

TEST_F(DispatchTest, R17_PersistentReceiversLeaveNoMark) {
    world.give_entry(client, 10, keeping);
    keeper_listens();
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {1}});
    EXPECT_EQ(client.process->wait_boot, 0u);
    EXPECT_FALSE(client.process->is_live());
}

TEST_F(DispatchTest, R20_SleepGoesOnAfterARestart) {
    world.give(client, 5, abi::Capability::miscellaneous(abi::CapabilityType::clock));
    world.invoke(client, {.slot = 5, .control = call_control(), .words = {abi::operation_code(12, 2), 1000}});
    EXPECT_EQ(world.state(client), abi::RunState::sleeping);
    EXPECT_EQ(world.place(client), Place::sleeping);
    queues(world.kernel()).retire(queues(world.kernel()).live().find(keeper.frame));
    queues(world.kernel()).drop();
    EXPECT_EQ(world.dispatch().raw(), 0u);
    EXPECT_EQ(world.place(client), Place::sleeping);
    arch::fake_now_ns() = 400; // a new boot, whose clock goes on from 700
    persistent_clock(world.kernel()).restore(700);
    arch::fake_now_ns() = 699;
    queues(world.kernel()).wake_sleepers(persistent_clock(world.kernel()).now());
    EXPECT_EQ(world.dispatch().raw(), 0u);
    arch::fake_now_ns() = 700;
    queues(world.kernel()).wake_sleepers(persistent_clock(world.kernel()).now());
    EXPECT_EQ(world.dispatch().raw(), client.frame.raw());
    EXPECT_EQ(world.error(client), Error::none);
    EXPECT_EQ(world.word(client, 0), 0u);
}

// R16: queues are caches; a dropped queue makes its members ready, and they come to the same again.
// A snapshot between a poll and its answer: after the restart nobody else would ever wake the process.
TEST_F(DispatchTest, R16_APollIsLive) {
    auto const poll = Control().with<Control::ReceivePhase>(1).with<Control::ReceiveNonBlocking>(1);
    world.invoke(client, {.control = poll});
    ASSERT_EQ(world.state(client), abi::RunState::receiving);
    EXPECT_TRUE(client.process->is_live());
    auto const wait = Control().with<Control::ReceivePhase>(1);
    world.invoke(keeper, {.control = wait});
    ASSERT_EQ(world.state(keeper), abi::RunState::receiving);
    EXPECT_FALSE(keeper.process->is_live());
}

TEST_F(DispatchTest, R16_DroppedQueuesAreBuiltAgain) {
    world.give_entry(client, 10, keeping);
    world.invoke(client, {.slot = 10, .control = call_control(), .words = {4}});
    ASSERT_EQ(world.place(client), Place::waiting);
    forget_caches(world.kernel());
    EXPECT_EQ(world.place(client), Place::ready);
    world.repeat(client);
    EXPECT_EQ(world.place(client), Place::waiting);
    keeper_listens();
    world.repeat(client);
    EXPECT_EQ(world.word(keeper, 0), 4u);
    world.expect_sound();
}

TEST_F(DispatchTest, StoppedWhileReceivingGoesOnReceiving) {
    keeper_listens();
    world.give(client, 50, world.capability(abi::CapabilityType::process, keeper.process.target()));
    world.invoke(client, {.slot = 50, .control = call_control(), .words = {abi::operation_code(5, 4)}});
    ASSERT_EQ(world.state(keeper), abi::RunState::stopped);
    world.give_entry(client, 10, keeping);
    world.invoke(client, {.slot = 50, .control = call_control(), .words = {abi::operation_code(5, 3), 1}});
    ASSERT_EQ(world.word(client, 0), 0u);
    world.dispatch();
    EXPECT_EQ(world.state(keeper), abi::RunState::receiving);
    world.invoke(client, {.slot = 10, .control = send_control(), .words = {9}});
    EXPECT_EQ(world.word(keeper, 0), 9u);
}

TEST_F(DispatchTest, R36_ProcessWithoutRegisterPageIsFaultedAtDispatch) {
    world.set_process_slot(client.process, abi::ProcessSlot::virtual_registers, abi::Capability::null());
    queues(world.kernel()).retire(queues(world.kernel()).live().find(keeper.frame));
    queues(world.kernel()).make_ready(queues(world.kernel()).live().find(client.frame));
    EXPECT_EQ(world.dispatch().raw(), 0u);
    EXPECT_EQ(client.process->fault_code, static_cast<std::uint32_t>(abi::FaultCode::no_virtual_registers));
}

TEST_F(DispatchTest, HeldProcessesAreListedAndDoNotRun) {
    core(world.kernel()).hold = true;
    queues(world.kernel()).make_ready(queues(world.kernel()).live().find(client.frame));
    EXPECT_EQ(world.dispatch().raw(), 0u);
    EXPECT_EQ(world.place(client), Place::waiting);
    core(world.kernel()).hold = false;
    queues(world.kernel()).wake_all(WaitKey::of(WaitKey::Kind::hold));
    EXPECT_NE(world.dispatch().raw(), 0u);
}

} // namespace
