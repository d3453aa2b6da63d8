// SPDX-License-Identifier: Apache-2.0
// The mapped memory of a process in a checkpoint.
#pragma once

#include "objects.hpp"

namespace tools {

struct MemoryPage {
    std::uint64_t address = 0;
    abi::FrameId frame;
    bool writable = false;
    bool executable = false;
};

// Neighbouring pages that may be used alike.
struct MemoryRange {
    std::uint64_t address = 0;
    std::uint64_t pages = 0;
    bool writable = false;
    bool executable = false;
    std::string access() const; // "r-x"
};

class ProcessMemory {
public:
    // What is mapped and is still there, ascending. A damaged node or page: Problem.
    ProcessMemory(StoreView& view, Objects& objects, abi::FrameId process);

    std::vector<MemoryPage> const& pages() const { return pages_; }
    std::vector<MemoryRange> ranges() const;
    // nullptr: nothing is mapped there.
    MemoryPage const* page_at(std::uint64_t address) const;
    // true: the page is zero, and nothing of it is stored.
    bool read(MemoryPage const& page, std::span<std::byte, abi::frame_size> content) const;

private:
    StoreView& view_;
    std::vector<MemoryPage> pages_;
};

} // namespace tools
