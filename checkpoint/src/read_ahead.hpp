// SPDX-License-Identifier: Apache-2.0
// What a pass of the migrator will come to, read before it does: nodes and blocks, each in a slot of I/O
// memory.
//
//      unused ─read─► reading ─completion─► arrived ─release─► unused
//
//   Nothing is verified here. Every place read belongs to the map in force, whose segments stay as they are
//   until the pass ends: nobody may keep a slot beyond clear(). The read of a slot that was cleared meanwhile
//   comes back into a slot that is unused only then.
#pragma once

#include <abi/disk/map_node.hpp>
#include <abi/error.hpp>
#include <base/bytes.hpp>
#include <base/fixed_vector.hpp>

namespace checkpoint {

struct EngineState;

struct AheadSlot {
    enum class State : std::uint8_t { unused, reading, arrived };
    base::Bytes memory;
    State state = State::unused;
    bool cleared = false; // while its read was in flight
    abi::Error error = abi::Error::none;
    abi::disk::Extent place;
    std::uint64_t end = 0;  // it is for frames before this one
    std::uint64_t hash = 0; // a node's, as its parent has it
    std::size_t looked = 0; // of a leaf: entries that were looked at ahead
    bool leaf = false;
    bool verified = false; // a node: it has that hash
};

class ReadAhead {
public:
    static constexpr std::size_t at_most = 32;

    explicit ReadAhead(EngineState& state) : state_(state) {}
    // One slot for each 4096 bytes, at least two.
    void init(base::Bytes memory);

    AheadSlot* find(abi::disk::Extent place);
    // Begins to read what is not being read yet. Null: no slot is free. One is left for who waits.
    AheadSlot* begin(abi::disk::Extent place);
    AheadSlot* begin_now(abi::disk::Extent place);
    // Slots that may hold nodes ahead: the other half is for blocks.
    bool room_for_nodes() const { return unused_ > slots_.size() / 2; }
    void release(AheadSlot& slot);
    // What is for frames before this one was not needed.
    void release_before(std::uint64_t frame);
    void clear();
    // Null: it is for nobody any more.
    AheadSlot* complete(std::uint16_t slot, abi::Error error);
    base::FixedVector<AheadSlot, at_most>& slots() { return slots_; }
    std::uint64_t bytes_asked() const { return bytes_asked_; }

private:
    EngineState& state_;
    base::FixedVector<AheadSlot, at_most> slots_;
    std::size_t unused_ = 0;
    std::uint64_t bytes_asked_ = 0;
};

} // namespace checkpoint
