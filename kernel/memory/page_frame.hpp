// SPDX-License-Identifier: Apache-2.0
// Header of a physical page: who it is, in which state, and where its caches hang. One for each page of RAM.
//   id is named           <=> state in {transient, clean, dirty, stabilising}
//   on a list of EpochState <=> state in {dirty, stabilising, side}
//   frozen                <=> dirty and epoch != current: the snapshot's image still stands in the frame
//   side != no_frame      => dirty with epoch == current, and frames[side] is a side frame whose owner is
//   this one may be written at once <=> epoch == current and the object's bit in `open` is set
#pragma once

#include <arch/address.hpp>

#include <abi/frame.hpp>
#include <abi/version.hpp>
#include <base/contract.hpp>
#include <base/intrusive_list.hpp>
#include <base/strong.hpp>

#include <cstdint>

namespace kernel {

// Number of an epoch: the time between two snapshots. Starts at 1, so that a fresh header is of no epoch.
using Epoch = base::Quantity<struct EpochTag>;

enum class FrameState : std::uint8_t {
    reserved,    // the kernel's own memory, the DMA arena, or no RAM at all
    free,        // on the free list
    page_table,  // a hardware page table
    transient,   // a non-persistent frame: never dirty, never evicted
    clean,       // persistent, equal to the store
    dirty,       // persistent, changed; of the current epoch, or frozen
    stabilising, // persistent, drained: equal to what the migrator is writing, clean once that is committed
    side,        // what a snapshot still needs of a frame that was written again
};

// The transitions that exist; anything else is a mistake of the kernel.
constexpr bool may_become(FrameState from, FrameState to) {
    using enum FrameState;
    switch (from) {
    case reserved: return to == free;
    case free: return to == page_table || to == transient || to == clean || to == side;
    case page_table: return to == free;
    case transient: return to == free;
    case clean: return to == dirty || to == free;
    case dirty: return to == stabilising;
    case stabilising: return to == dirty || to == free;
    case side: return to == free;
    }
    return false;
}

struct PageFrame {
    abi::FrameId id;                            // 0
    abi::Version mark;                          // 8: high-water mark of the frame's versions (R3)
    abi::FrameType type = abi::FrameType::free; // 12
    FrameState state = FrameState::reserved;    // 13
    std::uint8_t flags = 0;                     // 14
    std::uint8_t heat = 0;                      // 15: rises with each epoch it is dirtied in, falls when idle
    Epoch epoch;                                // 16: in which it was dirtied
    std::uint64_t open = 0;                     // 24: a bit an object; of a side frame: the objects saved
    std::uint16_t pins = 0;                     // 32
    std::uint16_t reserved = 0;                 // 34
    FrameIndex side = no_frame;                 // 36: side frame; of a side frame: its owner
    FrameIndex hash_next = no_frame;            // 40: in the cache's bucket, or on the free list
    std::uint32_t entries = base::ListLink::none;       // 44: first object-table entry of this frame
    base::ListLink list;                                // 48
    std::uint32_t first_mapping = base::ListLink::none; // 56: mapping/mapping_list.hpp
    std::uint32_t more_mappings = base::ListLink::none; // 60

    static constexpr std::uint8_t referenced = 1; // the clock's second chance
    // R4: capabilities may have been stored since the collector came by
    static constexpr std::uint8_t stored_since_scan = 2;
    // R13: it came because somebody waits for it, and drop_all() has not passed it by yet
    static constexpr std::uint8_t promised = 4;
    // on the list of thawed frames (memory/epoch.hpp)
    static constexpr std::uint8_t thawed = 8;

    bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
    void set(std::uint8_t flag) { flags = static_cast<std::uint8_t>(flags | flag); }
    void clear(std::uint8_t flag) { flags = static_cast<std::uint8_t>(flags & ~flag); }

    void become(FrameState next) {
        expects(may_become(state, next));
        state = next;
    }
    bool named() const {
        return state == FrameState::transient || state == FrameState::clean || state == FrameState::dirty ||
               state == FrameState::stabilising;
    }
    bool frozen(Epoch current) const { return state == FrameState::dirty && epoch != current; }
};

static_assert(sizeof(PageFrame) == 64, "one cache line");

} // namespace kernel
