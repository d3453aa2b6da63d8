// SPDX-License-Identifier: Apache-2.0
// The unmigrated checkpoints in memory: their records, their directories (sorted runs in one ring of
// entries), and an index from frame to its newest entry. The oldest one may be the base, whose changes are in
// the map already.
//   Invariant: index(f) is the entry of f in the newest directory that has one.
#pragma once

#include <abi/disk/commit_record.hpp>
#include <abi/disk/directory.hpp>
#include <checkpoint/generation.hpp>
#include <checkpoint/limits.hpp>

#include <base/contract.hpp>

#include <array>
#include <optional>
#include <span>

namespace checkpoint {

using abi::disk::CommitRecord;
using abi::disk::DirectoryEntry;

struct Directory {
    CommitRecord record;
    std::uint32_t first = 0; // in the ring
    std::uint32_t count = 0;
    Generation generation() const { return Generation(record.generation); }
};

class Directories {
public:
    // The base, and beside them two empty ones: the first names a pass that folds nothing, the second a fold.
    static constexpr std::size_t beside = 3;
    static constexpr std::size_t at_most = directories_at_most + beside;

    struct Memory {
        std::span<Directory> list; // as many as there may be, and `beside`
        std::span<DirectoryEntry> ring;
        std::span<std::uint32_t> index; // index_size() of the ring's
    };
    void init(Memory const& memory);
    static std::size_t index_size(std::uint32_t entries);

    // Oldest first; with the base at 0 if there is one.
    std::size_t size() const { return size_; }
    Directory const& operator[](std::size_t i) const { return list_[(head_ + i) % list_.size()]; }
    Directory const& newest() const { return (*this)[size_ - 1]; }
    // No room for one more commit; the places of the two empty ones are not counted.
    bool full() const { return size_ + 2 >= list_.size(); }
    std::size_t places() const { return list_.size() - size_; }
    std::span<DirectoryEntry const> entries(std::size_t i) const {
        return std::span<DirectoryEntry const>(ring_).subspan((*this)[i].first, (*this)[i].count);
    }

    // Room for `count` entries in one run, to be filled and then published; empty when there is none now.
    std::optional<std::span<DirectoryEntry>> allocate(std::uint32_t count);
    std::uint32_t capacity() const { return static_cast<std::uint32_t>(ring_.size()); }
    std::uint32_t entries_used() const { return used_; }
    // Blocks of entries that a newer directory supersedes.
    std::uint32_t superseded() const { return blocks_ - newest_blocks_; }
    // The first `count` entries of the last allocation, sorted, become the newest directory.
    void publish(CommitRecord const& record, std::uint32_t count);
    // The base, or the oldest directory with its entries, goes.
    void drop_oldest();
    // The oldest becomes the base: its entries go, its record stays.
    void empty_oldest();

    // The newest entry of a frame among all directories; null when none has one.
    DirectoryEntry const* find(abi::FrameId frame) const;
    // The same among those up to `at`; `birth` is set to the generation of the directory that has it.
    DirectoryEntry const* find(abi::FrameId frame, Generation at, Generation& birth) const;

private:
    static std::uint64_t name_of(DirectoryEntry const& entry) { return entry.frame().number(); }
    std::size_t bucket(std::uint64_t name) const;
    void index_entries(std::uint32_t first, std::uint32_t count);
    void forget_entry(std::uint32_t position);
    void forget_entries(Directory& directory);

    std::span<DirectoryEntry> ring_;
    // Ring position + 1, 0 = empty; size a power of two, at least twice the ring's.
    std::span<std::uint32_t> index_;
    int index_shift_ = 0; // what is left of a product are the bits of a bucket
    std::span<Directory> list_;
    std::size_t head_ = 0;
    std::size_t size_ = 0;
    std::uint32_t tail_ = 0;  // oldest entry in use
    std::uint32_t front_ = 0; // where the next run begins
    std::uint32_t used_ = 0;
    std::uint32_t blocks_ = 0;        // entries with a block
    std::uint32_t newest_blocks_ = 0; // ... of those that the index has
};

} // namespace checkpoint
