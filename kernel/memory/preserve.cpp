// SPDX-License-Identifier: Apache-2.0
// Copy-aside of what a snapshot still needs.
#include <memory/preserve.hpp>

#include <arch/direct_map.hpp>

#include <cstring>

namespace kernel {

namespace {

// The side frame takes the live frame's place on the snapshot's list, with its identity;
// the live frame joins this epoch.
void begin_side(Memory& memory, FrameIndex index) {
    auto& frame = memory.frames[index];
    expects(frame.frozen(memory.epoch.current) && frame.side == no_frame);
    auto const side_index = memory.frames.take(FrameState::side);
    // admit_writes() keeps the reserve; running out here would lose a snapshot.
    invariant(side_index != no_frame);
    auto& side = memory.frames[side_index];
    side.type = frame.type;
    side.mark = frame.mark;
    side.epoch = frame.epoch;
    side.heat = frame.heat;
    side.side = index;
    side.open = 0;
    ++memory.epoch.side_frames;

    take_off_list(memory, index);
    push_on_list(memory, side_index);
    frame.side = side_index;
    // Frozen means dirtied in the epoch before: written twice in a row.
    heat_up(frame);
    frame.epoch = memory.epoch.current;
    frame.open = 0;
    push_on_list(memory, index);
    if (memory.epoch.dirty.count > memory.epoch.dirty_limit) memory.epoch.end_wanted = true;
}

void save_object(Memory& memory, FrameIndex index, unsigned object) {
    auto& side = memory.frames[memory.frames[index].side];
    auto const shape = abi::shape_of(side.type);
    auto const bit = std::uint64_t{1} << object;
    if (object >= shape.objects || (side.open & bit) != 0) return;
    std::size_t const offset = std::size_t{object} * shape.object_size;
    auto const* from = arch::frame_bytes(index).data() + offset;
    std::memcpy(arch::frame_bytes(memory.frames[index].side).data() + offset, from, shape.object_size);
    side.open |= bit;
    side.set(PageFrame::stored_since_scan);
    memory.side_made = true;
    ++memory.epoch.copied_objects;
}

// False: nothing stands in the way, the frame is of this epoch with all its objects open.
bool must_save(Memory& memory, FrameIndex index) {
    auto& frame = memory.frames[index];
    auto const current = memory.epoch.current;
    switch (frame.state) {
    case FrameState::clean:
    case FrameState::stabilising: make_dirty(memory, index); break;
    case FrameState::dirty:
        if (frame.frozen(current)) begin_side(memory, index);
        if (frame.side != no_frame) return true;
        break;
    case FrameState::reserved: // the DMA arena
    case FrameState::transient: frame.epoch = current; break;
    case FrameState::free:
    case FrameState::page_table:
    case FrameState::side: unreachable();
    }
    frame.open = ~std::uint64_t{0};
    return false;
}

} // namespace

void open_object(Memory& memory, FrameIndex index, unsigned object) {
    if (!must_save(memory, index)) return;
    save_object(memory, index, object);
    memory.frames[index].open |= std::uint64_t{1} << object;
}

void open_frame(Memory& memory, FrameIndex index) {
    if (!must_save(memory, index)) return;
    auto& frame = memory.frames[index];
    auto const objects = abi::shape_of(memory.frames[frame.side].type).objects;
    for (unsigned object = 0; object < objects; ++object) save_object(memory, index, object);
    frame.open = ~std::uint64_t{0};
}

void release_side(Memory& memory, FrameIndex side_index) {
    auto& side = memory.frames[side_index];
    expects(side.state == FrameState::side);
    auto& owner = memory.frames[side.side];
    expects(owner.side == side_index);
    owner.side = no_frame;
    owner.open = ~std::uint64_t{0};
    side.side = no_frame;
    expects(memory.epoch.side_frames > 0);
    --memory.epoch.side_frames;
    memory.frames.give_back(side_index);
}

} // namespace kernel
