// SPDX-License-Identifier: Apache-2.0
// The changes of the oldest directories as one sequence.
#include "directory_merge.hpp"

#include <algorithm>

namespace checkpoint {

void DirectoryMerge::start(Directories const& directories, std::size_t count) {
    expects(count <= directories.size());
    directories_ = &directories;
    count_ = count;
    at_ = {};
    finished_ = false;
    find();
}

void DirectoryMerge::find() {
    DirectoryEntry const* best = nullptr;
    for (std::size_t i = 0; i < count_; ++i) {
        auto const entries = directories_->entries(i);
        if (at_[i] == entries.size()) continue;
        auto const& entry = entries[at_[i]];
        // Later directories win among equals.
        if (best != nullptr && entry.frame() > best->frame()) continue;
        best = &entry;
        current_ = {entry, (*directories_)[i].generation()};
    }
    finished_ = best == nullptr;
}

void DirectoryMerge::advance() {
    expects(!finished_);
    for (std::size_t i = 0; i < count_; ++i) {
        auto const entries = directories_->entries(i);
        if (at_[i] < entries.size() && entries[at_[i]].frame() == frame()) ++at_[i];
    }
    find();
}

void DirectoryMerge::skip_before(std::uint64_t frame) {
    if (finished_ || current_.entry.frame().number() >= frame) return;
    for (std::size_t i = 0; i < count_; ++i) {
        auto const entries = directories_->entries(i);
        auto const first =
            std::lower_bound(entries.begin() + at_[i], entries.end(), frame,
                             [](auto const& entry, auto wanted) { return entry.frame().number() < wanted; });
        at_[i] = static_cast<std::uint32_t>(first - entries.begin());
    }
    find();
}

} // namespace checkpoint
