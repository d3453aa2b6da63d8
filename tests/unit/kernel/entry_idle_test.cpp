// SPDX-License-Identifier: Apache-2.0
// R14: a machine whose processes all wait has nothing to put into a checkpoint, however often they are looked
// at.
#include "fake_store.hpp"
#include "ipc_fixture.hpp"

#include <arch/serial.hpp>
#include <ipc/keeper.hpp>
#include <sched/persistent_clock.hpp>

namespace {

using namespace kernel;
using namespace kernel::testing;

class Idle : public ::testing::Test {
protected:
    Idle() {
        arch::fake_serial_silent() = true; // the fault is told each time
        arch::fake_now_ns() = 0;
        core(world.kernel()).boot_number = 7;
        sleeper = world.party();
        receiver = world.party();
        silent = world.party();
        requests = world.endpoint(&receiver);
        world.give(sleeper, 5, abi::Capability::miscellaneous(abi::CapabilityType::clock));
        world.invoke(
            sleeper,
            {.slot = 5, .control = call_control(), .words = {abi::operation_code(12, 2), 1'000'000'000'000}});
        world.invoke(receiver, {.control = receive_control(), .receive_slots = {20}});
        // A fault that nobody keeps.
        record_fault(world.kernel(), silent.process, {abi::FaultCode::bad_opcode, 1}, world.committed);
        while (world.dispatch() != abi::FrameId()) {}
    }
    ~Idle() override { arch::fake_serial_silent() = false; }

    IpcWorld world;
    FakeStore store{world};
    Party sleeper;
    Party receiver;
    Party silent;
    Target requests;
};

TEST_F(Idle, LookingAtWhoeverWaitsWritesNothing) {
    ASSERT_EQ(world.state(sleeper), abi::RunState::sleeping);
    ASSERT_EQ(world.state(receiver), abi::RunState::receiving);
    ASSERT_EQ(world.state(silent), abi::RunState::faulted);
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    auto& queue = queues(world.kernel());
    for (int round = 0; round < 10; ++round) {
        arch::fake_now_ns() += 10'000'000;
        queue.wake_sleepers(persistent_clock(world.kernel()).now());
        queue.wake_all(WaitKey::endpoint(object_id_of(world.memory(), requests)));
        for (auto const& party : {sleeper, receiver, silent})
            queue.make_ready(*queue.live().enter(party.frame));
        queue.end_slice();
        EXPECT_EQ(world.dispatch(), abi::FrameId());
    }
    EXPECT_EQ(world.memory().epoch.dirty.count, 0u);
    auto const taken = take(world.kernel());
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->frames, 0u);
}

// What is drained and thawed, and not written again, is not owed twice.
TEST_F(Idle, ACheckpointMakesNoOther) {
    ASSERT_NO_FATAL_FAILURE(store.checkpoint());
    for (int i = 0; i < 12; ++i) {
        auto const taken = take(world.kernel());
        ASSERT_TRUE(taken);
        EXPECT_EQ(taken->frames, 0u);
        ASSERT_NO_FATAL_FAILURE(store.drain_all());
        ASSERT_TRUE(commit_snapshot(world.kernel(), static_cast<std::uint64_t>(i) + 100));
    }
}

} // namespace
