// SPDX-License-Identifier: Apache-2.0
// The checkpoint table in memory: the retained checkpoints that are in the map, and every pin.
//   Invariant: entries in rising order of generation.
#pragma once

#include "directories.hpp"

#include <abi/disk/checkpoint_table.hpp>
#include <base/bytes.hpp>
#include <base/fixed_vector.hpp>

#include <string_view>

namespace checkpoint {

using abi::disk::CheckpointEntry;

constexpr bool is_pin(CheckpointEntry const& entry) {
    return (entry.flags & static_cast<std::uint32_t>(abi::disk::CheckpointFlag::pinned)) != 0;
}
CheckpointEntry entry_of(CommitRecord const& record);
// What an entry knows of its record.
CommitRecord record_of(CheckpointEntry const& entry);
std::string_view name_of(CheckpointEntry const& entry);
void set_pin(CheckpointEntry& entry, std::string_view name);
void clear_pin(CheckpointEntry& entry);

class Retained {
public:
    std::span<CheckpointEntry const> entries() const { return entries_.span(); }
    bool empty() const { return entries_.empty(); }
    CheckpointEntry const* find(Generation generation) const;
    CheckpointEntry const* find_pin(std::string_view name) const;
    std::size_t pins() const;
    std::size_t unpinned() const { return entries_.size() - pins(); }

    void clear();
    // Adds an entry in its order, or replaces the one of its generation.
    void put(CheckpointEntry const& entry);
    void remove(Generation generation);
    void remove_oldest_unpinned();

    // Blocks of the newest checkpoint that a pin has too, at most.
    std::uint64_t shared_blocks() const { return shared_blocks_; }
    void set_shared_blocks(std::uint64_t blocks) { shared_blocks_ = pins() == 0 ? 0 : blocks; }

    std::uint32_t sectors() const {
        return entries_.empty() ? 0 : abi::disk::checkpoint_table_sectors(entries_.size());
    }
    void encode(abi::disk::Random128 store, base::Bytes sectors) const;
    // False: it is no table of this store, or its entries break a rule.
    bool decode(abi::disk::Random128 store, base::ConstBytes sectors);

private:
    base::FixedVector<CheckpointEntry, abi::disk::checkpoints_at_most> entries_;
    std::uint64_t shared_blocks_ = 0;
};

} // namespace checkpoint
