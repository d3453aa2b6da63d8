// SPDX-License-Identifier: Apache-2.0
// Eviction by a clock, and the reserve of free frames.
#include <mapping/evict.hpp>

#include <mapping/mapping_list.hpp>

#include <core/kernel.hpp>
#include <core/limits.hpp>

namespace kernel {

namespace {

// Equal to the store: nothing is lost with it. What the migrator is still writing is not.
bool disposable(Memory const& memory, PageFrame const& frame) {
    if (frame.pins != 0 || frame.side != no_frame) return false;
    if (frame.state == FrameState::clean) return true;
    auto const& epoch = memory.epoch;
    return frame.state == FrameState::stabilising &&
           !(epoch.in_flight && frame.epoch == epoch.stabilising_epoch);
}

// The second chance: set by look-ups, and by the processor in the frame's entries.
bool take_reference(Kernel& kernel, FrameIndex index) {
    auto& frame = memory(kernel).frames[index];
    bool referenced = frame.has(PageFrame::referenced);
    frame.clear(PageFrame::referenced);
    each_mapping(kernel, index, [&](MappingReference reference) {
        if (entry_slot(kernel, reference).clear(PageEntry::Bit::accessed).has(PageEntry::Bit::accessed))
            referenced = true;
    });
    return referenced;
}

bool evict_by_clock(Kernel& kernel) {
    auto& memory = kernel::memory(kernel);
    auto& frames = memory.frames;
    for (std::uint32_t looked = 0; looked < 2 * frames.size(); ++looked) {
        auto const index = frames.hand;
        frames.hand = (index + 1) % frames.size();
        if (!disposable(memory, frames[index]) || take_reference(kernel, index)) continue;
        if (evict_frame(kernel, index)) return true;
    }
    return false;
}

// Frees frames until `wanted` are free: clean ones first, then page tables of spaces that do not run.
bool refill(Kernel& kernel, std::uint32_t wanted) {
    auto& frames = memory(kernel).frames;
    while (frames.free_count() < wanted)
        if (!evict_by_clock(kernel) && !drop_oldest_space(kernel)) return false;
    return true;
}

constexpr std::uint32_t reserve_for(std::uint32_t usable) {
    return resident_frames_reserve < usable / 8 ? resident_frames_reserve : usable / 8;
}

} // namespace

Result<FrameIndex> obtain_frame(Kernel& kernel, FrameState state) {
    auto& memory = kernel::memory(kernel);
    if (!refill(kernel, reserve_for(memory.frames.usable_count()) + 1)) {
        memory.epoch.end_wanted = true;
        return fail(Error::no_memory);
    }
    return memory.frames.take(state);
}

bool has_room_for_writes(Memory const& memory) {
    auto const& epoch = memory.epoch;
    return memory.frames.free_count() >= reserve_for(memory.frames.usable_count()) / 2 &&
           epoch.dirty.count + side_frames_per_unit <= epoch.dirty_limit;
}

Result<> admit_writes(Kernel& kernel, Urgency urgency) {
    auto& memory = kernel::memory(kernel);
    if (has_room_for_writes(memory)) [[likely]]
        return {};
    auto const reserve = reserve_for(memory.frames.usable_count());
    auto const& epoch = memory.epoch;
    bool const dirty_room = epoch.dirty.count + side_frames_per_unit <= epoch.dirty_limit;
    // The upper half of the reserve is for units of persistent processes, the
    // lower for those of the residents.
    bool const free_room = memory.frames.free_count() >= reserve / 2 || refill(kernel, reserve / 2 + 8);
    if (free_room && dirty_room) return {};
    memory.epoch.end_wanted = true;
    if (urgency == Urgency::resident) return {};
    return fail(Error::no_memory);
}

bool evict_frame(Kernel& kernel, FrameIndex index) {
    auto& memory = kernel::memory(kernel);
    auto& frame = memory.frames[index];
    if (!disposable(memory, frame)) return false;
    // Its entries may hold the only record of a write: once they are folded, the frame may be dirty.
    retire_frame(kernel, index);
    if (!disposable(memory, frame)) return false;
    objects(kernel).cut(memory, index);
    if (frame.state == FrameState::stabilising) take_off_list(memory, index);
    memory.frames.forget(index);
    memory.frames.give_back(index);
    return true;
}

void free_transient(Kernel& kernel, FrameIndex index) {
    auto& memory = kernel::memory(kernel);
    auto& frame = memory.frames[index];
    expects(frame.state == FrameState::transient && frame.pins == 0);
    retire_frame(kernel, index);
    objects(kernel).cut(memory, index);
    memory.frames.forget(index);
    memory.frames.give_back(index);
}

namespace {

// R13: who waits for several frames must find them all, so each that came for somebody stays once.
bool take_promise(PageFrame& frame) {
    bool const promised = frame.has(PageFrame::promised);
    frame.clear(PageFrame::promised);
    return promised;
}

} // namespace

void drop_all(Kernel& kernel) {
    auto& memory = kernel::memory(kernel);
    auto& state = mappings(kernel);
    for (SpaceIndex i = 0; i < spaces_max; ++i)
        if (state.spaces[i].serial != 0) drop_space(kernel, i);
    forget_all_nodes(kernel);
    objects(kernel).cut_all(memory);
    for (FrameIndex i = 0; i < memory.frames.size(); ++i)
        if (disposable(memory, memory.frames[i]) && !take_promise(memory.frames[i])) evict_frame(kernel, i);
}

} // namespace kernel
