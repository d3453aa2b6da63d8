// SPDX-License-Identifier: Apache-2.0
// Run queues, wait queues and sleepers over the live set: who runs next, and who waits for what.
//   All queues are caches: dropping them makes every member ready, and it tries again what it was at.
//   Invariant: running() is the only entry in Place::running; bit p of the mask <=> run queue p is not empty.
#pragma once

#include <core/boot_memory.hpp>
#include <core/kernel.hpp>
#include <sched/live_set.hpp>

#include <abi/object_id.hpp>
#include <abi/objects/schedule.hpp>

#include <array>
#include <cstdint>

namespace kernel {

// Time that persistent processes ran in user mode while a snapshot was between take and commit.
struct UserTime {
    std::uint64_t since = 0; // when such a process last entered user mode; 0: none runs
    std::uint64_t in_flight = 0;
};

class Queues {
public:
    UserTime user_time;

    LiveSet& live() { return live_; }
    LiveSet const& live() const { return live_; }

    // The process goes to the end of its run queue, from wherever it stands.
    void make_ready(LiveIndex index);
    // The running process is preempted: it goes to the front of its run queue, and is next among its equals.
    void preempt_running();
    // The process waits for the key. A sender that waits for a receiver names the endpoint it sends through.
    void block(LiveIndex index, WaitKey key, abi::ObjectId endpoint = {});
    void sleep(LiveIndex index, std::uint64_t wake_time);
    // The process is live no longer.
    void retire(LiveIndex index);

    // All who wait for the key become ready, first come first.
    void wake_all(WaitKey key);
    // Senders that wait for this receiver: all, or those that send through one endpoint (a closed wait).
    void wake_senders(abi::FrameId receiver) { wake_all(WaitKey::receiver(receiver)); }
    void wake_senders_through(abi::FrameId receiver, abi::ObjectId endpoint);
    bool anybody_waits(WaitKey key) const;
    // Sleepers whose time has come. The earliest wake time of those left; 0 = nobody sleeps.
    void wake_sleepers(std::uint64_t now);
    std::uint64_t first_wake_time() const;

    // The running process waits for a message, and `next`, idle until now, runs in its place. Nobody of a
    // higher priority is ready; its equals have their turn when the time slice ends.
    void switch_to(LiveIndex next);

    // The first process of the highest priority, taken off its queue and made the running one; the former
    // running one must have been put elsewhere. no_process: nobody is ready.
    LiveIndex take_next();
    void set_priority(LiveIndex index, std::uint8_t priority);
    // Its schedule, or what that says, has changed: the next dispatch asks, and must come, so until then the
    // process counts as of the highest priority. For all: a walk over the live set, as schedules do not know
    // whose they are; it is rare.
    void forget_priority(LiveIndex index) { set_priority(index, LiveSet::unknown_priority); }
    void forget_priorities();
    bool has_ready_above(std::uint8_t priority) const { return (ready_mask_ >> priority) > 1; }
    bool has_ready_at(std::uint8_t priority) const { return ((ready_mask_ >> priority) & 1) != 0; }

    LiveIndex running() const { return running_; }
    bool is_running(LiveIndex index) const { return index == running_; }
    // Set when the running process may not be the one that should run: leave() looks for another then.
    bool reschedule() const { return reschedule_; }
    void request_reschedule() { reschedule_ = true; }
    // The running process goes on.
    void clear_reschedule() { reschedule_ = false; }
    // Its time slice is over, or it yields: its equals go first.
    void end_slice();

    // Amnesia and the proof that queues are caches: everybody who waits or sleeps becomes ready.
    void drop();

private:
    static constexpr std::uint32_t wait_bucket_count = 1024;
    static std::uint32_t bucket_of(WaitKey key);
    auto list(base::ListHead& head) {
        return base::IndexList(head, [this](std::uint32_t i) -> base::ListLink& { return live_[i].link; });
    }
    void unlink(LiveIndex index);
    template <class Matches>
    void wake_matching(WaitKey key, Matches matches);

    LiveSet live_;
    std::array<base::ListHead, abi::priority_count> ready_{};
    std::array<base::ListHead, wait_bucket_count> waiting_{};
    base::ListHead sleeping_{}; // by wake time, earliest first
    std::uint32_t ready_mask_ = 0;
    LiveIndex running_ = no_process;
    bool reschedule_ = true;
};

// The live set's table, from memory that boot code sets aside.
void start_sched(Kernel& kernel, BootMemory& memory);

Queues& queues(Kernel& kernel);
Queues const& queues(Kernel const& kernel);

} // namespace kernel
