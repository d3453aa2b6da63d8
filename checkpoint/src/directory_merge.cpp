// SPDX-License-Identifier: Apache-2.0
// The changes of the oldest directories as one sequence.
#include "directory_merge.hpp"

#include <algorithm>

namespace checkpoint {

namespace {

// Frame and index of a directory in one word, so that those of a frame follow each other from old to new.
constexpr unsigned index_bits = 16;
static_assert(Directories::at_most <= 1U << index_bits && DirectoryEntry::Frame::width + index_bits <= 64);

// Order of the heap: its first is the least.
constexpr bool later(std::uint64_t a, std::uint64_t b) { return a > b; }

constexpr std::uint64_t frame_of(std::uint64_t waiting) { return waiting >> index_bits; }

} // namespace

void DirectoryMerge::start(Directories const& directories, std::size_t count) {
    expects(count <= directories.size());
    directories_ = &directories;
    at_ = {};
    waiting_.clear();
    for (std::size_t i = 0; i < count; ++i) wait(i);
    find();
}

// Into the heap, unless it has no more entries.
void DirectoryMerge::wait(std::size_t i) {
    if (at_[i] == directories_->entries(i).size()) return;
    waiting_.push_back(entry_of(i).frame().number() << index_bits | i);
    std::push_heap(waiting_.begin(), waiting_.end(), later);
}

void DirectoryMerge::find() {
    same_.clear();
    finished_ = waiting_.empty();
    if (finished_) return;
    auto const frame = frame_of(waiting_[0]);
    while (!waiting_.empty() && frame_of(waiting_[0]) == frame) {
        std::pop_heap(waiting_.begin(), waiting_.end(), later);
        same_.push_back(static_cast<std::uint16_t>(waiting_.pop_back()));
    }
    auto const newest = same_[same_.size() - 1];
    current_ = {entry_of(newest), (*directories_)[newest].generation()};
}

void DirectoryMerge::advance() {
    expects(!finished_);
    for (auto const i : same_) {
        ++at_[i];
        wait(i);
    }
    find();
}

void DirectoryMerge::skip(std::size_t i, std::uint64_t frame) {
    auto const entries = directories_->entries(i);
    auto const first =
        std::lower_bound(entries.begin() + at_[i], entries.end(), frame,
                         [](auto const& entry, auto wanted) { return entry.frame().number() < wanted; });
    at_[i] = static_cast<std::uint32_t>(first - entries.begin());
    wait(i);
}

void DirectoryMerge::skip_before(std::uint64_t frame) {
    if (finished_ || current_.entry.frame().number() >= frame) return;
    for (auto const i : same_) skip(i, frame);
    while (!waiting_.empty() && frame_of(waiting_[0]) < frame) {
        std::pop_heap(waiting_.begin(), waiting_.end(), later);
        skip(static_cast<std::uint16_t>(waiting_.pop_back()), frame);
    }
    find();
}

} // namespace checkpoint
