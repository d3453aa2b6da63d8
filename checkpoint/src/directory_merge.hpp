// SPDX-License-Identifier: Apache-2.0
// The changes of the oldest directories as one sequence in order of frames: of each frame the newest entry.
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
    Change const& current() const { return current_; }
    void advance();

private:
    Directories const* directories_ = nullptr;
    std::array<std::uint32_t, Directories::at_most> at_{};
    std::size_t count_ = 0;
    bool finished_ = true;
    Change current_;
};

} // namespace checkpoint
