// SPDX-License-Identifier: Apache-2.0
// Whatever is invoked, with whatever arguments: no contract of the kernel breaks, its caches stay sound, and
// no snapshot taken meanwhile breaks a rule, for the third that did would stop the machine (R15).
#include "fake_store.hpp"
#include "fuzz_fixture.hpp"

#include <arch/serial.hpp>
#include <fetch/supply.hpp>
#include <ipc/event.hpp>

namespace kernel::testing {

namespace {

class CapabilityFuzz : public ::testing::Test {
protected:
    static constexpr unsigned rounds = 60'000;

    CapabilityFuzz() { arch::fake_serial_silent() = true; }
    ~CapabilityFuzz() override { arch::fake_serial_silent() = false; }

    // The processes that are ready have their turns, and time goes on.
    void run(FuzzWorld& world) {
        arch::fake_now_ns() += world.source.random().below(1'000'000);
        queues(world.kernel()).wake_sleepers(persistent_clock(world.kernel()).now());
        for (auto event = kernel_events(world.kernel()).take_due(persistent_clock(world.kernel()).now());
             event.bound();
             event = kernel_events(world.kernel()).take_due(persistent_clock(world.kernel()).now()))
            post_bound(world.kernel(), event);
        for (int i = 0; i < 4; ++i) (void)world.dispatch();
    }

    // The snapshot that somebody took, or one of now: drained, and then ended in one of the two ways.
    void end_snapshot(FuzzWorld& world) {
        if (!world.memory().epoch.in_flight) {
            ASSERT_TRUE(take(world.kernel()));
        }
        FrameImage image;
        alignas(64) std::array<std::byte, abi::frame_size> content;
        arch::fake_serial_silent() = false; // which rule is broken
        while (!drained(world.kernel()))
            ASSERT_TRUE(drain_next(world.kernel(), image, content)) << std::hex << image.id.raw();
        arch::fake_serial_silent() = true;
        if (world.source.random().one_in(3)) abandon_snapshot(world.kernel());
        else (void)commit_snapshot(world.kernel(), snapshots(world.kernel()).committed_generation + 1);
        queues(world.kernel()).wake_all(WaitKey::of(WaitKey::Kind::memory));
    }

    void expect_sound(FuzzWorld& world, unsigned round) {
        ASSERT_FALSE(snapshots(world.kernel()).refused) << "round " << round << ", seed " << seed();
        if (round % 256 != 0) return;
        world.expect_sound();
        ASSERT_FALSE(HasFailure()) << "round " << round << ", seed " << seed();
    }
};

} // namespace

// The invokers are the migrator as well: they take, drain, commit and abandon, supply frames and lose them.
TEST_F(CapabilityFuzz, EveryoneHoldsEverything) {
    FuzzWorld world(seed(), true);
    for (unsigned round = 0; round < rounds; ++round) {
        world.step();
        run(world);
        // A request that nobody serves for long is answered: such a frame was never written.
        if (world.source.random().one_in(16)) {
            auto const frame = requests(world.kernel()).take();
            if (frame.raw() != 0)
                (void)supply_frame(world.kernel(), {frame, abi::FrameType::free, abi::Version()}, {});
        }
        if (world.source.random().one_in(512)) {
            ASSERT_NO_FATAL_FAILURE(end_snapshot(world)) << "round " << round << ", seed " << seed();
        }
        ASSERT_NO_FATAL_FAILURE(expect_sound(world, round));
    }
    EXPECT_GT(world.source.accepted_operations(), 60u);
    EXPECT_GT(snapshots(world.kernel()).takes, 10u);
}

// A store takes the snapshots and gives back what amnesia and eviction throw away.
TEST_F(CapabilityFuzz, NobodyRemembersForLong) {
    FuzzWorld world(seed() + 1, false);
    FakeStore store(world);
    for (unsigned round = 0; round < rounds; ++round) {
        world.step();
        run(world);
        for (auto frame = requests(world.kernel()).take(); frame.raw() != 0;
             frame = requests(world.kernel()).take()) {
            if (world.memory().frames.find(frame) == no_frame) (void)store.supply(frame);
            requests(world.kernel()).finish(frame);
            queues(world.kernel()).wake_all(WaitKey::frame(frame));
            queues(world.kernel()).wake_all(WaitKey::of(WaitKey::Kind::wanted));
        }
        auto& random = world.source.random();
        if (!world.memory().epoch.in_flight) {
            if (random.one_in(64)) store.begin();
        } else if (!drained(world.kernel())) {
            store.drain_one();
        } else if (random.one_in(8)) {
            store.abandon();
        } else {
            store.commit();
            queues(world.kernel()).wake_all(WaitKey::of(WaitKey::Kind::memory));
        }
        ASSERT_FALSE(HasFatalFailure()) << "round " << round << ", seed " << seed();
        if (random.one_in(64)) forget_caches(world.kernel());
        ASSERT_NO_FATAL_FAILURE(expect_sound(world, round));
    }
    EXPECT_GT(world.source.accepted_operations(), 50u);
    EXPECT_GT(snapshots(world.kernel()).takes, 100u);
}

} // namespace kernel::testing
