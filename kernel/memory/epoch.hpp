// SPDX-License-Identifier: Apache-2.0
// The current epoch and the lists of changed frames: what the next snapshot will
// hold, what the running one holds.
//   dirty:       state dirty, epoch == current
//   snapshot:    state dirty, epoch < current (frozen), and side frames; not drained
//   stabilising: state stabilising; drained since the last take, not committed
//   thawed:      the same of frames that may be written again without a fault, and probably will be: the stop
//                takes the list as it is for the next snapshot's (write_grant.hpp); committed or not
//   settled:     state stabilising; committed: as good as clean, the list is only memory
//   snapshot and stabilising are empty when no snapshot is in flight.
#pragma once

#include <memory/frame_cache.hpp>

namespace kernel {

struct EpochState {
    Epoch current{1};
    base::ListHead dirty;
    base::ListHead snapshot;
    base::ListHead stabilising;
    base::ListHead thawed;
    base::ListHead settled;
    // A snapshot was taken and neither committed nor abandoned.
    bool in_flight = false;
    // Frames of the snapshot in flight that belong on `stabilising` once drained carry this epoch.
    Epoch stabilising_epoch;

    // R29: dirty frames and idle write grants an epoch may hold; the log can take as many.
    std::uint32_t dirty_limit = 0xffff'ffff;
    // Set when a pool runs low; leave() posts it to the migrator as
    // MigratorEvent::checkpoint_wanted and clears it.
    bool end_wanted = false;

    // Counts since boot, for Checkpoint.counters.
    std::uint64_t frozen_frames = 0;
    std::uint64_t copied_objects = 0;
    std::uint64_t side_frames = 0; // in use now
};

// The part of the kernel's state that frame contents hang on. Hosted tests make their own.
struct Memory {
    FrameCache frames;
    EpochState epoch;
    // A side frame was made since the collector last looked: it may hold the last copy of a capability (R4).
    bool side_made = false;
};

struct Kernel;
Memory& memory(Kernel& kernel);
Memory const& memory(Kernel const& kernel);

// A unit may need this many side copies after its commit (R13).
inline constexpr std::uint32_t side_frames_per_unit = 24;

// Epochs in a row it was dirtied in, from which on a frame counts as hot.
inline constexpr std::uint8_t hot_heat = 2;

// Puts a frame on the list that its state and epoch name; takes it off again.
void push_on_list(Memory& memory, FrameIndex index);
void take_off_list(Memory& memory, FrameIndex index);
// The list a frame with a list state is on.
base::ListHead& list_of(Memory& memory, PageFrame const& frame);

// All of `from` behind `to`, without touching what stands in between: a commit must not cost by frames.
void append(FrameCache& frames, base::ListHead& to, base::ListHead& from);

// A clean or drained persistent frame joins the dirty list of the current epoch; hot ones at the front.
void make_dirty(Memory& memory, FrameIndex index);

// Written in one more epoch.
inline void heat_up(PageFrame& frame) {
    if (frame.heat != 0xff) ++frame.heat;
}

// The same of a frame on `thawed` while the stop looks at all of them: it stays there until join_thawed().
inline void make_thawed_dirty(Memory& memory, PageFrame& frame) {
    heat_up(frame);
    frame.clear(PageFrame::thawed);
    frame.become(FrameState::dirty);
    frame.epoch = memory.epoch.current;
}
// The thawed frames, `written` of which are dirty now, become the front of the dirty list; the others settle.
void join_thawed(Memory& memory, std::uint32_t written);

} // namespace kernel
