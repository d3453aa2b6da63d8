// SPDX-License-Identifier: Apache-2.0
// The changes of the oldest directories as one sequence in order of frames, with all entries of each frame.
#pragma once

#include "directories.hpp"

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
        for (std::size_t i = 0; i < count_; ++i) {
            auto const entries = directories_->entries(i);
            if (at_[i] < entries.size() && entries[at_[i]].frame() == frame())
                each(entries[at_[i]], (*directories_)[i].generation());
        }
    }
    void advance();
    void skip_before(std::uint64_t frame);

private:
    void find();
    Directories const* directories_ = nullptr;
    std::array<std::uint32_t, Directories::at_most> at_{};
    std::size_t count_ = 0;
    bool finished_ = true;
    Change current_;
};

} // namespace checkpoint
