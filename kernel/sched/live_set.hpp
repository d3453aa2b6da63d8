// SPDX-License-Identifier: Apache-2.0
// The live set (R16): the processes that run or will run without anybody's message, by their frames.
//   An entry is a cache like every other: what it says of a process follows from the process's frame, except
//   that the process is live at all. Idle entries are processes that ceased to be live; they keep their place
//   until it is needed, so that a server is not entered anew at each message.
//   Invariant: an entry is in exactly one of: free list, no list (idle, running), one queue.
#pragma once

#include <core/limits.hpp>
#include <sched/wait_key.hpp>

#include <abi/frame.hpp>
#include <base/intrusive_list.hpp>
#include <base/result.hpp>

#include <array>
#include <cstdint>
#include <span>

namespace kernel {

using LiveIndex = std::uint32_t;
inline constexpr LiveIndex no_process = base::ListLink::none;

// Where an entry stands.
enum class Place : std::uint8_t {
    free,
    idle,     // not live
    ready,    // in the run queue of its priority
    waiting,  // in the wait queue of its key
    sleeping, // in the queue of sleepers; the key is the wake time
    running,  // on the processor
};

struct LiveProcess {
    std::uint64_t frame = 0; // FrameId
    std::uint64_t key = 0;   // WaitKey, or the wake time
    base::ListLink link;
    LiveIndex next_in_bucket = no_process;
    Place place = Place::free;
    std::uint8_t priority = 0;  // as the schedule said at the last dispatch
    std::uint16_t endpoint = 0; // a sender waiting for a receiver: fold of the endpoint it sends through
};
static_assert(sizeof(LiveProcess) == 32);

class LiveSet {
public:
    // The table; at most live_processes_max entries.
    void start(std::span<LiveProcess> storage) { entries_ = storage; }

    // Until the first dispatch has read the schedule: the highest, so that this is soon.
    static constexpr std::uint8_t unknown_priority = 31;

    // The entry of a process; no_process when it has none.
    LiveIndex find(abi::FrameId frame) const;
    // The entry of a process, made idle when there was none. limit_reached: no entry is free or idle.
    base::Result<LiveIndex> enter(abi::FrameId frame);
    // Forgets an idle entry.
    void forget(LiveIndex index);

    LiveProcess& operator[](LiveIndex index) {
        expects(index < used_);
        return entries_[index];
    }
    LiveProcess const& operator[](LiveIndex index) const {
        expects(index < used_);
        return entries_[index];
    }
    abi::FrameId frame(LiveIndex index) const { return abi::FrameId((*this)[index].frame); }
    // One more than the highest index ever used: the bound of a walk over all entries.
    LiveIndex end() const { return used_; }
    std::uint32_t count(Place place) const;

private:
    static constexpr std::uint32_t bucket_count = 4096;
    static std::uint32_t bucket_of(abi::FrameId frame);
    LiveIndex take_entry();

    std::span<LiveProcess> entries_{};
    std::array<LiveIndex, bucket_count> buckets_{}; // index + 1; 0 = empty
    LiveIndex used_ = 0;                            // entries beyond were never in use and hold nothing
    LiveIndex free_ = 0; // head of the free list, through next_in_bucket; index + 1, 0 = none
    LiveIndex hand_ = 0; // where the search for an idle entry goes on
};

} // namespace kernel
