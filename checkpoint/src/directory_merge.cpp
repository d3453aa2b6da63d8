// SPDX-License-Identifier: Apache-2.0
// The changes of the oldest directories as one sequence.
#include "directory_merge.hpp"

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

} // namespace checkpoint
