// SPDX-License-Identifier: Apache-2.0
// All versions of one frame while a fold decides about them: from the old leaf and from the folded
// directories, births rising.
//   Versions may share a block: equal content written again with another mark, or brought back by a rollback.
//   What the map refers to is counted once a block.
#pragma once

#include "directories.hpp"

#include <abi/disk/map_node.hpp>
#include <base/fixed_vector.hpp>
#include <store/segments.hpp>

namespace checkpoint {

using abi::disk::LeafEntry;

class VersionGroup {
public:
    static constexpr std::size_t at_most = abi::disk::leaf_capacity + Directories::at_most + 1;

    void clear();
    void add(LeafEntry const& version) { versions_.push_back(version); }
    bool empty() const { return versions_.empty(); }
    std::size_t size() const { return versions_.size(); }
    std::span<LeafEntry const> versions() const { return versions_.span(); }
    LeafEntry const& newest() const { return versions_[versions_.size() - 1]; }
    // What a look-up at `generation` finds; null: the frame was not there.
    LeafEntry const* seen_at(std::uint64_t generation) const;

    static constexpr std::uint64_t never = ~std::uint64_t{0};
    // Whether one of the checkpoints `points` (rising) sees a version; the newest lasts up to `end`.
    bool seen(std::size_t index, std::span<std::uint64_t const> points, std::uint64_t end = never) const;
    // ... any of those that share that block.
    bool block_seen(LeafEntry const& block, std::span<std::uint64_t const> points, std::uint64_t end) const;

    // From `birth` on the frame is as it was at `to`.
    void restore(std::uint64_t to, std::uint64_t birth);
    // Drops the versions that none of the checkpoints `points` (rising) sees. The last of them is the new
    // base and sees the newest version.
    void keep_seen_by(std::span<std::uint64_t const> points);

    // Drops the others: `wanted(index)` of the versions as they stand now.
    template <class Wanted>
    void keep_if(Wanted wanted) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < versions_.size(); ++i)
            if (wanted(i)) versions_[kept++] = versions_[i];
        while (versions_.size() > kept) versions_.pop_back();
    }

    // Each block once, in order of birth: `each(LeafEntry const&)`.
    template <class Each>
    void for_each_block(Each each) const {
        for (std::size_t i = 0; i < versions_.size(); ++i)
            if (is_first_of_block(i)) each(versions_[i]);
    }
    // The next block that `wanted(Extent)` and that was not settled yet; null: there is none.
    template <class Wanted>
    LeafEntry const* next_block(Wanted wanted) {
        for (; at_ < versions_.size(); ++at_)
            if (is_first_of_block(at_) && wanted(versions_[at_].entry.place())) return &versions_[at_];
        return nullptr;
    }
    // The block at hand stays where it is, or stands at `sector` from now on, or is gone.
    void settle() { ++at_; }
    void settle_at(std::uint64_t sector);
    void settle_gone();

private:
    bool is_first_of_block(std::size_t index) const;

    base::FixedVector<LeafEntry, at_most> versions_;
    std::size_t at_ = 0;
};

} // namespace checkpoint
