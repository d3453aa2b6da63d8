// SPDX-License-Identifier: Apache-2.0
// Run queues, wait queues and sleepers.
#include <sched/queues.hpp>

#include <abi/error.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace {

using namespace kernel;

class QueuesTest : public ::testing::Test {
protected:
    QueuesTest() : storage_(64), queues_(std::make_unique<Queues>()) { queues_->live().start(storage_); }

    LiveIndex process(std::uint64_t number, std::uint8_t priority = 8) {
        auto const index = queues_->live().enter(abi::FrameId::persistent(number));
        EXPECT_TRUE(index);
        queues_->set_priority(*index, priority);
        return *index;
    }
    std::uint64_t next() {
        auto const index = queues_->take_next();
        if (index == no_process) return 0;
        auto const number = queues_->live().frame(index).number();
        queues_->retire(index);
        return number;
    }

    std::vector<LiveProcess> storage_;
    std::unique_ptr<Queues> queues_;
};

TEST_F(QueuesTest, HighestPriorityFirstThenFirstCome) {
    for (std::uint64_t i = 1; i <= 3; ++i) queues_->make_ready(process(i, 5));
    queues_->make_ready(process(4, 31));
    queues_->make_ready(process(5, 0));
    EXPECT_EQ(next(), 4u);
    EXPECT_EQ(next(), 1u);
    EXPECT_EQ(next(), 2u);
    EXPECT_EQ(next(), 3u);
    EXPECT_EQ(next(), 5u);
    EXPECT_EQ(next(), 0u);
}

// A schedule was raised while its process stood in the queue of the old priority, or waited: it must not
// starve there behind those who never stop.
TEST_F(QueuesTest, ForgottenPrioritiesAreAskedForSoon) {
    auto const key = WaitKey::frame(abi::FrameId::persistent(77));
    queues_->make_ready(process(1, 20));
    queues_->make_ready(process(2, 5));
    queues_->block(process(3, 5), key);
    EXPECT_EQ(queues_->take_next(), process(1, 20));
    queues_->clear_reschedule();
    queues_->forget_priorities();
    EXPECT_TRUE(queues_->reschedule());
    queues_->wake_all(key);
    queues_->preempt_running();
    EXPECT_EQ(next(), 1u);
    EXPECT_EQ(next(), 2u);
    EXPECT_EQ(next(), 3u);
    EXPECT_EQ(queues_->live()[process(2, 5)].priority, 5u);
}

TEST_F(QueuesTest, WakesOnlyWhoWaitsForTheKey) {
    auto const frame = WaitKey::frame(abi::FrameId::persistent(77));
    queues_->block(process(1), frame);
    queues_->block(process(2), WaitKey::frame(abi::FrameId::persistent(78)));
    queues_->block(process(3), frame);
    EXPECT_EQ(next(), 0u);
    queues_->wake_all(frame);
    EXPECT_EQ(next(), 1u);
    EXPECT_EQ(next(), 3u);
    EXPECT_EQ(next(), 0u);
}

TEST_F(QueuesTest, ClosedWaitWakesSendersOfItsEndpointOnly) {
    auto const receiver = abi::FrameId::persistent(50);
    abi::ObjectId const one(abi::FrameId::persistent(60), 0);
    abi::ObjectId const other(abi::FrameId::persistent(60), 1);
    queues_->block(process(1), WaitKey::receiver(receiver), one);
    queues_->block(process(2), WaitKey::receiver(receiver), other);
    queues_->wake_senders_through(receiver, other);
    EXPECT_EQ(next(), 2u);
    EXPECT_EQ(next(), 0u);
    queues_->wake_senders(receiver);
    EXPECT_EQ(next(), 1u);
}

TEST_F(QueuesTest, SleepersWakeInOrderOfTime) {
    queues_->sleep(process(1), 300);
    queues_->sleep(process(2), 100);
    queues_->sleep(process(3), 200);
    queues_->sleep(process(4), 200);
    EXPECT_EQ(queues_->first_wake_time(), 100u);
    queues_->wake_sleepers(99);
    EXPECT_EQ(next(), 0u);
    queues_->wake_sleepers(200);
    EXPECT_EQ(next(), 2u);
    EXPECT_EQ(next(), 3u);
    EXPECT_EQ(next(), 4u);
    EXPECT_EQ(next(), 0u);
    EXPECT_EQ(queues_->first_wake_time(), 300u);
}

TEST_F(QueuesTest, SliceEndsOnlyForEquals) {
    auto const runs = process(1, 5);
    queues_->make_ready(runs);
    ASSERT_EQ(queues_->take_next(), runs);
    queues_->make_ready(process(2, 4));
    queues_->clear_reschedule();
    queues_->end_slice();
    EXPECT_FALSE(queues_->reschedule());
    queues_->make_ready(process(3, 5));
    EXPECT_FALSE(queues_->reschedule());
    queues_->end_slice();
    EXPECT_TRUE(queues_->reschedule());
    EXPECT_EQ(next(), 3u);
    EXPECT_EQ(next(), 1u);
    EXPECT_EQ(next(), 2u);
}

TEST_F(QueuesTest, HigherPriorityPreempts) {
    auto const runs = process(1, 5);
    queues_->make_ready(runs);
    ASSERT_EQ(queues_->take_next(), runs);
    queues_->clear_reschedule();
    queues_->make_ready(process(3, 5));
    queues_->make_ready(process(2, 6));
    EXPECT_TRUE(queues_->reschedule());
    queues_->preempt_running();
    EXPECT_EQ(next(), 2u);
    EXPECT_EQ(next(), 1u) << "the preempted process comes before its equals";
    EXPECT_EQ(next(), 3u);
}

TEST_F(QueuesTest, RequeuedWhenThePriorityChangesWhileReady) {
    auto const changed = process(1, 5);
    queues_->make_ready(changed);
    queues_->make_ready(process(2, 6));
    queues_->set_priority(changed, 7);
    EXPECT_EQ(next(), 1u);
    EXPECT_EQ(next(), 2u);
}

TEST_F(QueuesTest, FullTableGivesUpIdleEntriesOnly) {
    for (std::uint64_t i = 1; i <= 64; ++i) queues_->make_ready(process(i));
    EXPECT_EQ(queues_->live().enter(abi::FrameId::persistent(100)).error, abi::Error::limit_reached);
    queues_->retire(queues_->live().find(abi::FrameId::persistent(17)));
    auto const entered = queues_->live().enter(abi::FrameId::persistent(100));
    ASSERT_TRUE(entered);
    EXPECT_EQ(queues_->live().find(abi::FrameId::persistent(17)), no_process);
    EXPECT_EQ(queues_->live().find(abi::FrameId::persistent(100)), *entered);
    EXPECT_EQ(queues_->live().count(Place::ready), 63u);
}

// R16: a dropped queue makes its members ready; nobody is lost, nobody is twice on a queue.
TEST_F(QueuesTest, DroppedQueuesLoseNobody) {
    std::mt19937_64 random(1);
    for (int step = 0; step < 20'000; ++step) {
        auto const index = process(1 + random() % 40, static_cast<std::uint8_t>(random() % 32));
        switch (random() % 6) {
        case 0: queues_->make_ready(index); break;
        case 1: queues_->block(index, WaitKey::frame(abi::FrameId::persistent(1 + random() % 5))); break;
        case 2: queues_->sleep(index, random() % 1000); break;
        case 3: queues_->retire(index); break;
        case 4: queues_->wake_all(WaitKey::frame(abi::FrameId::persistent(1 + random() % 5))); break;
        case 5: queues_->wake_sleepers(random() % 1000); break;
        }
        if (step % 500 != 0) continue;
        auto const& live = queues_->live();
        auto const waiting = live.count(Place::waiting) + live.count(Place::sleeping);
        auto const ready = live.count(Place::ready);
        queues_->drop();
        EXPECT_EQ(live.count(Place::ready), ready + waiting);
        for (std::uint32_t left = ready + waiting; left > 0; --left) ASSERT_NE(next(), 0u);
        ASSERT_EQ(next(), 0u);
    }
}

} // namespace
