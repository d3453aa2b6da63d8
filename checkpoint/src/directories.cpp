// SPDX-License-Identifier: Apache-2.0
// The unmigrated checkpoints in memory.
#include "directories.hpp"

#include <bit>

namespace checkpoint {

std::size_t Directories::index_size(std::uint32_t entries) { return std::bit_ceil(std::size_t{entries} * 2); }

void Directories::init(Memory const& memory) {
    auto const entries = static_cast<std::uint32_t>(memory.ring.size());
    expects(memory.index.size() == index_size(entries) && memory.index.size() > 1);
    list_ = memory.list;
    ring_ = memory.ring;
    index_ = memory.index;
    index_shift_ = 64 - std::countr_zero(index_.size());
}

std::optional<std::span<DirectoryEntry>> Directories::allocate(std::uint32_t count) {
    if (used_ == 0) tail_ = front_ = 0;
    auto const size = capacity();
    bool const wrapped = used_ > 0 && front_ <= tail_;
    if (wrapped) {
        if (tail_ - front_ < count) return std::nullopt;
    } else if (size - front_ < count) {
        if (tail_ < count) return std::nullopt;
        front_ = 0;
    }
    return ring_.subspan(front_, count);
}

void Directories::publish(CommitRecord const& record, std::uint32_t count) {
    expects(size_ < list_.size());
    auto& directory = list_[(head_ + size_) % list_.size()];
    directory = {record, front_, count};
    ++size_;
    index_entries(front_, count);
    front_ += count;
    used_ += count;
}

void Directories::forget_entries(Directory& directory) {
    for (std::uint32_t i = 0; i < directory.count; ++i) forget_entry(directory.first + i);
    used_ -= directory.count;
    directory.count = 0;
    // The ring's tail is where the next run that still has entries begins.
    for (std::size_t i = 0; i < size_; ++i) {
        if ((*this)[i].count == 0) continue;
        tail_ = (*this)[i].first;
        break;
    }
}

void Directories::empty_oldest() {
    expects(size_ > 0);
    forget_entries(list_[head_]);
}

void Directories::drop_oldest() {
    empty_oldest();
    head_ = (head_ + 1) % list_.size();
    --size_;
}

namespace {
// Shifts everything but the frame out of an entry's first word.
constexpr unsigned beside_frame = 64 - DirectoryEntry::Frame::width;
constexpr std::uint64_t golden = std::uint64_t{0x9e3779b97f4a7c15} << beside_frame;

// The same of a frame and of an entry's first word.
std::size_t bucket_of(std::uint64_t name, int shift) {
    return static_cast<std::size_t>((name * golden) >> shift);
}

std::uint32_t has_block(std::uint64_t name) {
    constexpr auto zero = static_cast<std::uint64_t>(abi::disk::EntryFlag::zero);
    return (DirectoryEntry::Flags::get(name) & zero) == 0 ? 1U : 0U;
}
} // namespace

std::size_t Directories::bucket(std::uint64_t name) const { return bucket_of(name, index_shift_); }

void Directories::index_entries(std::uint32_t first, std::uint32_t count) {
    auto const mask = index_.size() - 1;
    auto const shift = index_shift_;
    auto* const index = index_.data();
    auto const* const ring = ring_.data();
    for (auto position = first; position < first + count; ++position) {
        auto const name = ring[position].name;
        auto at = bucket_of(name, shift);
        while (index[at] != 0 && (ring[index[at] - 1].name ^ name) << beside_frame != 0) at = (at + 1) & mask;
        if (index[at] != 0) newest_blocks_ -= has_block(ring[index[at] - 1].name);
        newest_blocks_ += has_block(name);
        blocks_ += has_block(name);
        index[at] = position + 1;
    }
}

// Takes the entry out if it is its frame's newest; what was pushed on past it moves back.
void Directories::forget_entry(std::uint32_t position) {
    auto const mask = index_.size() - 1;
    auto const frame = name_of(ring_[position]);
    auto const block = has_block(ring_[position].name);
    blocks_ -= block;
    auto hole = bucket(frame);
    while (index_[hole] != 0 && name_of(ring_[index_[hole] - 1]) != frame) hole = (hole + 1) & mask;
    if (index_[hole] != position + 1) return;
    newest_blocks_ -= block;
    index_[hole] = 0;
    for (auto at = (hole + 1) & mask; index_[at] != 0; at = (at + 1) & mask) {
        auto const home = bucket(name_of(ring_[index_[at] - 1]));
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        index_[hole] = index_[at];
        index_[at] = 0;
        hole = at;
    }
}

DirectoryEntry const* Directories::find(abi::FrameId frame) const {
    auto at = bucket(frame.number());
    for (; index_[at] != 0; at = (at + 1) & (index_.size() - 1)) {
        auto const& entry = ring_[index_[at] - 1];
        if (name_of(entry) == frame.number()) return &entry;
    }
    return nullptr;
}

DirectoryEntry const* Directories::find(abi::FrameId frame, Generation at, Generation& birth) const {
    for (auto i = size_; i > 0; --i) {
        auto const& directory = (*this)[i - 1];
        if (directory.generation() > at) continue;
        std::uint32_t low = 0;
        std::uint32_t high = directory.count;
        while (low < high) {
            auto const middle = low + (high - low) / 2;
            if (name_of(ring_[directory.first + middle]) < frame.number()) low = middle + 1;
            else high = middle;
        }
        if (low == directory.count || name_of(ring_[directory.first + low]) != frame.number()) continue;
        birth = directory.generation();
        return &ring_[directory.first + low];
    }
    return nullptr;
}

} // namespace checkpoint
