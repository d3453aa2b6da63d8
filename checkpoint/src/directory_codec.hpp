// SPDX-License-Identifier: Apache-2.0
// Directories between memory (24-byte entries) and disk (a stream of words; zero frames leave out the third).
// The decoder is where bytes of the disk become entries: what it gave is valid, and sorted by frame.
#pragma once

#include <abi/disk/directory.hpp>
#include <store/geometry.hpp>
#include <store/hash.hpp>

#include <array>
#include <span>

namespace checkpoint {

using abi::disk::DirectoryEntry;

// Gives the words of the entries one after another, and the hash of all that were given.
class DirectoryEncoder {
public:
    void start(std::span<DirectoryEntry const> entries);
    bool finished() const { return at_ == entries_.size(); }
    // Fills up to out.size() bytes (a multiple of 8), zero after the last entry;
    // returns how many are not padding.
    std::size_t fill(base::Bytes out);
    std::uint32_t bytes() const { return bytes_; }
    abi::disk::Hash128 hash() const { return hash_.finish(); }

private:
    std::span<DirectoryEntry const> entries_;
    std::size_t at_ = 0;
    std::size_t word_ = 0;
    std::uint32_t bytes_ = 0;
    store::StreamHash hash_{abi::disk::HashSeed::directory};
};

// Takes words until `bytes` are read.
class DirectoryDecoder {
public:
    void start(std::span<DirectoryEntry> out, std::uint32_t bytes, store::Geometry const& geometry);
    // False: more entries than there is room for, an entry is cut off, is none, or does not follow the one
    // before it.
    bool feed(base::ConstBytes in);
    bool finished() const { return left_ == 0 && word_ == 0; }
    std::size_t entries() const { return at_; }
    abi::disk::Hash128 hash() const { return hash_.finish(); }

private:
    std::size_t take_plain(base::ConstBytes in);
    bool take(std::uint64_t word);

    store::Geometry geometry_;
    std::span<DirectoryEntry> out_;
    std::uint64_t last_ = 0; // the frame of the entry before; 0: none, which is no frame's number either
    std::size_t at_ = 0;
    std::uint32_t left_ = 0;
    std::size_t word_ = 0;
    std::array<std::uint64_t, 3> words_{};
    store::StreamHash hash_{abi::disk::HashSeed::directory};
};

} // namespace checkpoint
