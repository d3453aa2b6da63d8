// SPDX-License-Identifier: Apache-2.0
// The lists of changed frames.
#include <memory/epoch.hpp>

namespace kernel {

namespace {

auto list_over(FrameCache& frames, base::ListHead& head) {
    return base::IndexList(head,
                           [&frames](std::uint32_t index) -> base::ListLink& { return frames[index].list; });
}

} // namespace

base::ListHead& list_of(Memory& memory, PageFrame const& frame) {
    auto& epoch = memory.epoch;
    switch (frame.state) {
    case FrameState::dirty: return frame.epoch == epoch.current ? epoch.dirty : epoch.snapshot;
    case FrameState::side: return epoch.snapshot;
    case FrameState::stabilising:
        return epoch.in_flight && frame.epoch == epoch.stabilising_epoch ? epoch.stabilising : epoch.settled;
    case FrameState::reserved:
    case FrameState::free:
    case FrameState::page_table:
    case FrameState::transient:
    case FrameState::clean: break;
    }
    unreachable();
}

void push_on_list(Memory& memory, FrameIndex index) {
    auto& frame = memory.frames[index];
    auto list = list_over(memory.frames, list_of(memory, frame));
    // The drain takes from the front: what is written again soonest is thawed first.
    if (frame.heat >= hot_heat) list.push_front(index);
    else list.push_back(index);
}

void take_off_list(Memory& memory, FrameIndex index) {
    list_over(memory.frames, list_of(memory, memory.frames[index])).remove(index);
}

void make_dirty(Memory& memory, FrameIndex index) {
    auto& frame = memory.frames[index];
    auto& epoch = memory.epoch;
    if (frame.state == FrameState::stabilising) take_off_list(memory, index);
    // Written in the epoch before as well: it heats up. Otherwise it starts cold again.
    auto const before = epoch.current - Epoch(1);
    if (frame.epoch == before)
        frame.heat = frame.heat == 0xff ? frame.heat : static_cast<std::uint8_t>(frame.heat + 1);
    else frame.heat = 0;
    frame.become(FrameState::dirty);
    frame.epoch = epoch.current;
    push_on_list(memory, index);
    if (epoch.dirty.count > epoch.dirty_limit) epoch.end_wanted = true;
}

} // namespace kernel
