// SPDX-License-Identifier: Apache-2.0
// Which bytes of an image something refers to, by the word of the independent reader (tests/reader), which
// shares no code with the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tests {

struct LiveRange {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::string kind; // "root slot", "record", "directory", "map node", "moves node", "segment table", ...
    std::uint64_t end() const { return offset + size; }
};

class LiveRanges {
public:
    // Runs the reader, whose command STELE_READER is, on the image. Empty: it did not say.
    static LiveRanges of(std::span<std::byte const> image);

    std::vector<LiveRange> const& list() const { return list_; }
    bool covers(std::uint64_t byte) const { return byte < live_.size() && live_[byte]; }
    // The first range that has this byte; null if none has.
    LiveRange const* at(std::uint64_t byte) const;

private:
    std::vector<LiveRange> list_;
    std::vector<bool> live_; // by byte
};

} // namespace tests
