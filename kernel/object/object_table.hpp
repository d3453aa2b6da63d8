// SPDX-License-Identifier: Apache-2.0
// Object table: what a prepared capability points to. A capability copy is 16 bytes
// and touches nothing here (F19).
//   An entry's object identifier never changes while it is allocated (R4).
//   entry.frame != no_frame <=> the entry is on the chain PageFrame::entries of that frame
//   A prepared capability is valid <=> its entry has a frame, and type and version equal the object's.
// Entries are freed by collection (capability_gc.hpp) alone. A full table is no error:
// capabilities then stay unprepared.
#pragma once

#include <memory/frame_writer.hpp>

#include <abi/object_id.hpp>

#include <cstdint>
#include <span>

namespace kernel {

struct ObjectEntry {
    static constexpr std::uint64_t allocated = std::uint64_t{1} << 63;
    static constexpr std::uint64_t mark = std::uint64_t{1}
                                          << 62; // its value means "marked" per pass: see Collector

    std::uint64_t word = 0; // 55..0 object identifier, flags above
    FrameIndex frame = no_frame;
    std::uint32_t next = base::ListLink::none; // of the same frame, or on the free list

    abi::ObjectId object() const { return abi::ObjectId(word); }
    bool is_allocated() const { return (word & allocated) != 0; }
};
static_assert(sizeof(ObjectEntry) == 16);

// State of the incremental collection: mark over the capability slots of all resident frames, side frames
// included, then sweep.
struct Collector {
    enum class Phase : std::uint8_t { idle, marking, sweeping };
    Phase phase = Phase::idle;
    // Rounds over the frames in this pass: the first scans all, later ones only frames stored into since.
    std::uint8_t round = 0;
    // After three rounds each store marks its entry itself, so that the next round is the last.
    bool mark_on_store = false;
    // The value of ObjectEntry::mark that means marked in this pass.
    bool polarity = false;
    // A capability was stored in this round: some frame is flagged behind or before the cursor.
    bool stored = false;
    std::uint32_t frame = 0; // cursor of marking
    std::uint32_t slot = 0;
    std::uint32_t entry = 0; // cursor of sweeping
    std::uint64_t passes = 0;
    std::uint64_t freed = 0;
};

class ObjectTable {
public:
    void start(std::span<ObjectEntry> storage);

    ObjectEntry const& operator[](std::uint32_t index) const {
        expects(index < entries_.size());
        return entries_[index];
    }
    // The entry for a resident object: the frame's own, or a new one; ListLink::none when the table is full.
    std::uint32_t entry_for(Memory& memory, FrameIndex frame, abi::ObjectId object);
    // The frame leaves memory: its entries have no object any more. Prepared
    // capabilities unprepare when next used.
    void cut(Memory& memory, FrameIndex frame);
    // Amnesia: cuts every entry's object; prepared capabilities find it again by its identifier.
    void cut_all(Memory& memory);

    void mark(std::uint32_t index);
    // A capability was stored somewhere: what the collector has to know of it (R4).
    void note_store(abi::Capability capability) {
        collector.stored = true;
        if (collector.mark_on_store && capability.is_prepared()) mark(capability.table_index());
    }
    bool is_marked(std::uint32_t index) const;
    void release(Memory& memory, std::uint32_t index);

    std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }
    std::uint32_t used() const { return used_; }

    Collector collector;

private:
    std::span<ObjectEntry> entries_{};
    std::uint32_t free_ = base::ListLink::none;
    std::uint32_t used_ = 0;
};

ObjectTable& objects(Kernel& kernel);
ObjectTable const& objects(Kernel const& kernel);

} // namespace kernel
