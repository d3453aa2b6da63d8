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
    advance();
}

void DirectoryMerge::advance() {
    expects(!finished_);
    DirectoryEntry const* best = nullptr;
    std::size_t from = 0;
    for (std::size_t i = 0; i < count_; ++i) {
        auto const entries = directories_->entries(i);
        if (at_[i] == entries.size()) continue;
        auto const& entry = entries[at_[i]];
        // Later directories win among equals.
        if (best == nullptr || entry.frame() <= best->frame()) {
            best = &entry;
            from = i;
        }
    }
    if (best == nullptr) {
        finished_ = true;
        return;
    }
    current_ = {*best, (*directories_)[from].generation()};
    for (std::size_t i = 0; i < count_; ++i) {
        auto const entries = directories_->entries(i);
        if (at_[i] < entries.size() && entries[at_[i]].frame() == current_.entry.frame()) ++at_[i];
    }
}

} // namespace checkpoint
