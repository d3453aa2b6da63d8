// SPDX-License-Identifier: Apache-2.0
// `check`: everything that can be reached from the root slots is read and verified, in every copy.
#pragma once

#include "map_cursor.hpp"

#include <checkpoint/offline.hpp>

namespace checkpoint {

using store::Corruption;
using store::Finding;

// For one check; reports what it finds to `listener`, in the order of the parts.
class Checker {
public:
    Checker(EngineState& state, store::BlockDevice& device, CheckListener& listener, BlockVerifier* verifier)
        : state_(state), io_(device), listener_(listener), verifier_(verifier) {}

    Result<CheckResult> run();

private:
    void slots();
    void log();
    void record_copies(CommitRecord const& record);
    void directory_copies(CommitRecord const& record);
    bool directory_good(std::array<abi::disk::Extent, abi::disk::directory_extents> const& runs,
                        CommitRecord const& record);
    Result<> map();
    Result<> walk(abi::disk::TwinRef const& ref, std::optional<std::uint16_t> level, std::size_t depth);
    void count_leaf(base::ConstBytes node);
    void gone_block(abi::disk::LeafEntry const& version, std::uint64_t end);
    std::uint64_t superseded(abi::FrameId frame) const;
    Result<> frames();
    template <class Each>
    Result<bool> each_block(Each each);
    Result<> verify(DirectoryEntry const& block);
    std::optional<std::uint64_t> hash_of(DirectoryEntry const& entry);
    Result<std::optional<DirectoryEntry>> seen(abi::FrameId frame, Generation at);
    Result<> name_damage(DirectoryEntry const& block, Corruption& corruption);
    void space();
    void checkpoint_table();
    std::size_t views() const { return views_.size(); }
    void damage(Corruption const& corruption) {
        ++result_.findings;
        listener_.report(corruption);
    }
    void damage(Finding finding, Finding part, std::uint64_t offset, std::uint64_t want, std::uint64_t got,
                std::uint64_t generation) {
        Corruption corruption;
        corruption.finding = finding;
        corruption.part = part;
        corruption.offset = offset;
        corruption.want = want;
        corruption.got = got;
        corruption.generation = generation;
        damage(corruption);
    }

    EngineState& state_;
    store::SyncIo io_;
    CheckListener& listener_;
    BlockVerifier* verifier_; // null: blocks are read one by one
    CheckResult result_;
    bool in_moves_ = false; // the walk is in the tree of moves, whose entries the map has too
    // The retained checkpoints, oldest first, and of which of them a block is damaged.
    base::FixedVector<Generation, history_at_most> views_;
    std::array<bool, history_at_most> broken_{};
    base::FixedVector<std::uint64_t, history_at_most> points_; // those that the map has, rising
    VersionGroup& group_ = state_.versions;
};

} // namespace checkpoint
