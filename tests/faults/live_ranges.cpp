// SPDX-License-Identifier: Apache-2.0
// Asking the independent reader.
#include "live_ranges.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <unistd.h>

namespace tests {

namespace {

// "block of frame 0x17" and the like are many of one kind.
std::string kind_of(std::string const& what) {
    for (std::string const kind : {"root slot", "record", "directory", "map node", "moves node",
                                   "segment table", "checkpoint table", "block"})
        if (what.starts_with(kind)) return kind;
    return what;
}

std::string output_of(std::string const& command) {
    std::string text;
    auto* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return text;
    std::array<char, 4096> piece;
    for (std::size_t n; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;)
        text.append(piece.data(), n);
    ::pclose(pipe);
    return text;
}

} // namespace

LiveRanges LiveRanges::of(std::span<std::byte const> image) {
    LiveRanges ranges;
    auto const* const reader = std::getenv("STELE_READER");
    if (reader == nullptr) return ranges;
    std::string path = "live-ranges-XXXXXX";
    auto const file = ::mkstemp(path.data());
    if (file < 0) return ranges;
    auto const written = ::write(file, image.data(), image.size());
    ::close(file);
    if (written == static_cast<ssize_t>(image.size())) {
        std::istringstream lines(output_of(std::string(reader) + " --quick --ranges " + path));
        ranges.live_.resize(image.size());
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string word, what;
            LiveRange range;
            if (!(words >> word >> range.offset >> range.size) || word != "range") continue;
            std::getline(words >> std::ws, what);
            range.kind = kind_of(what);
            for (auto at = range.offset; at < std::min<std::uint64_t>(range.end(), image.size()); ++at)
                ranges.live_[at] = true;
            ranges.list_.push_back(std::move(range));
        }
    }
    ::unlink(path.c_str());
    return ranges;
}

LiveRange const* LiveRanges::at(std::uint64_t byte) const {
    auto const found = std::find_if(list_.begin(), list_.end(), [&](auto const& range) {
        return range.offset <= byte && byte < range.end();
    });
    return found == list_.end() ? nullptr : &*found;
}

} // namespace tests
