// SPDX-License-Identifier: Apache-2.0
// Recovery: from the newest valid root slot along named places to the newest whole checkpoint (R23 to R26),
// then the directories since its base into memory. It reads only. Straight-line code that
// waits: nothing runs beside it.
#pragma once

#include "record_chain.hpp"
#include "state.hpp"

#include <store/root_slots.hpp>

namespace checkpoint {

class Recovery {
public:
    Recovery(EngineState& state, store::SyncIo& io, OpenOptions const& options)
        : state_(state), io_(io), options_(options) {}

    // The slots, and from them identity and geometry; before the tables can be made.
    Result<> read_slots();
    std::array<store::SlotState, 4> const& slots() const { return slots_; }
    store::Geometry geometry() const { return geometry_; }
    // The rest; the state's tables exist.
    Result<> run();

private:
    using Parts = base::FixedVector<store::ReadPart, 16>; // read at once
    enum class Copy : std::uint8_t { good, bad, unreadable };

    Result<> refuse_revision() const;
    Result<> refuse_processor();
    Result<> choose_slot();
    void read_slot(std::uint32_t index, std::uint32_t copy, std::uint64_t offset);
    Result<> walk_from(abi::disk::RootSlot const& slot);
    Result<> read_record(abi::disk::Twin const& places, abi::disk::Hash128 const& hash,
                         std::uint64_t generation, CommitRecord& record);
    Result<bool> find_successor(abi::disk::RootSlot const& slot, CommitRecord& candidate);
    Result<> step_over(abi::disk::Extent place);
    Result<> choose_newest();
    bool follows(CommitRecord const& record, CommitRecord const& parent,
                 abi::disk::RootSlot const& slot) const;
    Result<bool> verify(CommitRecord const& record);
    Result<bool> load_directory(CommitRecord const& record, std::span<DirectoryEntry> entries, bool report);
    Copy load_copy(std::array<abi::disk::Extent, abi::disk::directory_extents> const& runs,
                   CommitRecord const& record, std::span<DirectoryEntry> entries);
    Result<> load_chain();
    Result<> load_directories();
    void read_directories(std::size_t from, Parts& parts);
    bool take_directory(CommitRecord const& record, store::ReadPart const& part,
                        std::span<DirectoryEntry> entries) const;
    Result<> load_table();
    Result<> load_checkpoints();
    Result<> load_moves();
    struct MovesNode {
        abi::disk::TwinRef ref;
        std::optional<std::uint16_t> level; // wanted; none for the root
        Moves::Range keys;
    };
    Result<> load_moves_node(MovesNode const& place, std::size_t depth, store::ReadPart const* part);
    void read_moves_leaves(base::ConstBytes parent, std::size_t from, Parts& parts);
    Result<> load_moves_below(MovesNode const& place, base::ConstBytes node, std::size_t depth);
    bool retained_fits() const;
    Result<> step_back();
    void count_log();
    void note(store::Finding finding, store::Finding part, abi::disk::Extent place, std::uint64_t want,
              std::uint64_t generation);

    EngineState& state_;
    store::SyncIo& io_;
    OpenOptions const& options_;
    std::array<store::SlotState, 4> slots_{};
    std::array<bool, 4> unreadable_{}; // copies that the device did not give
    store::Geometry geometry_;
    std::size_t moves_nodes_ = 0;
    abi::disk::RootSlot slot_;
    RecordChain chain_;              // as far as they were walked over; then back to the base
    std::size_t candidate_copy_ = 0; // place of the last successor that was found
    CommitRecord newest_;
    CommitRecord parent_;  // of newest_, if it was walked over
    abi::disk::Twin next_; // places named for the successor of newest_
};

// Chooses the boot number and writes both root slots, each flushed (R2).
Result<> begin_boot(EngineState& state, store::SyncIo& io);

} // namespace checkpoint
