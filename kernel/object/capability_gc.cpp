// SPDX-License-Identifier: Apache-2.0
// The collector's steps.
#include <object/capability_gc.hpp>

#include <object/capability.hpp>

namespace kernel {

namespace {

constexpr std::uint8_t rounds_before_marking_stores = 3;

void begin_pass(ObjectTable& table) {
    auto& collector = table.collector;
    collector.phase = Collector::Phase::marking;
    collector.round = 0;
    collector.mark_on_store = false;
    collector.polarity = !collector.polarity;
    collector.stored = false;
    collector.frame = 0;
    collector.slot = 0;
}

// Capability slots of a frame: side copies and frozen frames are roots, too.
std::uint32_t slots_of(PageFrame const& frame) {
    if (!frame.named() && frame.state != FrameState::side) return 0;
    auto const shape = abi::shape_of(frame.type);
    return std::uint32_t{shape.objects} * shape.capability_count;
}

void scan_slot(ObjectTable& table, PageFrame const& frame, FrameIndex index, std::uint32_t slot) {
    auto const shape = abi::shape_of(frame.type);
    Target const object{index, slot / shape.capability_count};
    // What is not saved in a side frame stands in its owner, which is scanned by itself.
    if (frame.state == FrameState::side && ((frame.open >> object.index) & 1) == 0) return;
    auto const location = object_slot(frame.type, object, slot % shape.capability_count);
    auto const capability = read_slot(location);
    if (!capability.is_prepared()) return;
    if (table[capability.table_index()].frame == no_frame)
        rewrite_form(location, unprepared(table, capability));
    else table.mark(capability.table_index());
}

// Ends a round: another one, or the sweep. A side copy may hold what its frame lost
// since, so it asks for one more.
void end_round(Memory& memory, ObjectTable& table) {
    auto& collector = table.collector;
    bool const stored = collector.stored && !collector.mark_on_store;
    collector.frame = 0;
    collector.slot = 0;
    if (!stored && !memory.side_made) {
        collector.phase = Collector::Phase::sweeping;
        collector.entry = 0;
        return;
    }
    memory.side_made = false;
    collector.stored = false;
    if (collector.round < 0xff) ++collector.round;
    // Stores before this moment have flagged their frames, stores from here on mark: this round sees to both.
    if (collector.round >= rounds_before_marking_stores) collector.mark_on_store = true;
}

void mark_step(Memory& memory, ObjectTable& table, std::uint32_t budget) {
    auto& collector = table.collector;
    auto const frames = memory.frames.size();
    for (; budget > 0 && collector.frame < frames; --budget) {
        auto& frame = memory.frames[collector.frame];
        // A frame is taken up whole: what is stored into it from here on flags it again.
        bool const wanted =
            collector.slot > 0 || collector.round == 0 || frame.has(PageFrame::stored_since_scan);
        if (!wanted || collector.slot >= slots_of(frame)) {
            collector.slot = 0;
            ++collector.frame;
            continue;
        }
        if (collector.slot == 0) frame.clear(PageFrame::stored_since_scan);
        scan_slot(table, frame, collector.frame, collector.slot);
        ++collector.slot;
    }
    if (collector.frame >= frames) end_round(memory, table);
}

void sweep_step(Memory& memory, ObjectTable& table, std::uint32_t budget) {
    auto& collector = table.collector;
    for (; budget > 0 && collector.entry < table.size(); --budget, ++collector.entry) {
        if (!table[collector.entry].is_allocated() || table.is_marked(collector.entry)) continue;
        table.release(memory, collector.entry);
        ++collector.freed;
    }
    if (collector.entry < table.size()) return;
    collector.phase = Collector::Phase::idle;
    collector.mark_on_store = false;
    ++collector.passes;
}

} // namespace

void collect_step(Kernel& kernel, std::uint32_t slots) {
    auto& table = objects(kernel);
    switch (table.collector.phase) {
    case Collector::Phase::idle:
        if (table.used() > table.size() / 2) begin_pass(table);
        return;
    case Collector::Phase::marking: return mark_step(memory(kernel), table, slots);
    case Collector::Phase::sweeping: return sweep_step(memory(kernel), table, slots);
    }
}

void collect_all(Kernel& kernel) {
    auto& table = objects(kernel);
    if (table.collector.phase == Collector::Phase::idle) begin_pass(table);
    while (table.collector.phase != Collector::Phase::idle) collect_step(kernel, 4096);
}

} // namespace kernel
