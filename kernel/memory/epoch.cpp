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
        if (frame.has(PageFrame::thawed)) return epoch.thawed;
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

void append(FrameCache& frames, base::ListHead& to, base::ListHead& from) {
    if (from.empty()) return;
    if (to.empty()) {
        to = from;
    } else {
        frames[to.tail].list.next = from.head;
        frames[from.head].list.previous = to.tail;
        to.tail = from.tail;
        to.count += from.count;
    }
    from = {};
}

void make_dirty(Memory& memory, FrameIndex index) {
    auto& frame = memory.frames[index];
    auto& epoch = memory.epoch;
    if (frame.state == FrameState::stabilising) take_off_list(memory, index);
    frame.clear(PageFrame::thawed);
    // Written in the epoch before as well: it heats up. Otherwise it starts cold again.
    if (frame.epoch == epoch.current - Epoch(1)) heat_up(frame);
    else frame.heat = 0;
    frame.become(FrameState::dirty);
    frame.epoch = epoch.current;
    push_on_list(memory, index);
    if (epoch.dirty.count > epoch.dirty_limit) epoch.end_wanted = true;
}

void join_thawed(Memory& memory, std::uint32_t written) {
    auto& epoch = memory.epoch;
    auto next = epoch.thawed.head;
    while (epoch.thawed.count > written) {
        auto const index = next;
        auto& frame = memory.frames[index];
        next = frame.list.next;
        if (frame.state == FrameState::dirty) continue;
        take_off_list(memory, index);
        frame.clear(PageFrame::thawed);
        push_on_list(memory, index);
    }
    append(memory.frames, epoch.thawed, epoch.dirty);
    epoch.dirty = epoch.thawed;
    epoch.thawed = {};
}

} // namespace kernel
