// SPDX-License-Identifier: Apache-2.0
// The changes of the oldest directories as one sequence in order of frames, with all entries of each frame.
#pragma once

#include "directories.hpp"

#include <base/fixed_vector.hpp>

namespace checkpoint {

struct Change {
    DirectoryEntry entry;
    Generation birth;
};

class DirectoryMerge {
public:
    // Directories 0 .. count-1 of `directories`, which must stay until the merge is done.
    void start(Directories const& directories, std::size_t count);
    bool finished() const { return finished_; }
    abi::FrameId frame() const { return current_.entry.frame(); }
    // The newest entry of the frame.
    Change const& current() const { return current_; }
    // All of them: `each(DirectoryEntry const&, Generation birth)`, births rising.
    template <class Each>
    void for_each_version(Each each) const {
        for (auto const i : same_) each(entry_of(i), (*directories_)[i].generation());
    }
    void advance();
    void skip_before(std::uint64_t frame);

private:
    DirectoryEntry const& entry_of(std::size_t i) const { return directories_->entries(i)[at_[i]]; }
    void wait(std::size_t i);
    void skip(std::size_t i, std::uint64_t frame);
    void find();

    Directories const* directories_ = nullptr;
    std::array<std::uint32_t, Directories::at_most> at_{};
    // Directories by their next frames: a heap of frame and index, the least first.
    base::FixedVector<std::uint64_t, Directories::at_most> waiting_;
    base::FixedVector<std::uint16_t, Directories::at_most> same_; // ... those that have the frame at hand
    bool finished_ = true;
    Change current_;
};

} // namespace checkpoint
