// SPDX-License-Identifier: Apache-2.0
// Hashes (R22): XXH64 of a frame seeded by its name and type; XXH64 twice, with a seed and its complement,
// where 128 bits are wanted. Hashes find faults, they do not authenticate: who can
// write the disk can make them right.
#pragma once

#include <abi/disk/place.hpp>
#include <abi/frame.hpp>
#include <base/bytes.hpp>

#include <array>
#include <cstdint>

namespace store {

using abi::disk::Hash128;
using abi::disk::HashSeed;

// Of the 4096 bytes of a frame. Equal hash is taken for equal content.
std::uint64_t frame_hash(abi::FrameId frame, abi::FrameType type, base::ConstBytes content);

std::uint64_t hash64(HashSeed seed, base::ConstBytes bytes);
Hash128 hash128(HashSeed seed, base::ConstBytes bytes);

// The same 128 bits over a stream of 64-bit words, for what is longer than any buffer.
class StreamHash {
public:
    explicit StreamHash(HashSeed seed);
    void add(std::uint64_t word);
    void add(base::ConstBytes words); // a multiple of 8 bytes
    Hash128 finish() const;

private:
    // One XXH64 over 8-byte words: four lanes of one word each, fed in turn.
    struct Half {
        std::uint64_t seed = 0;
        std::array<std::uint64_t, 4> lanes{};
    };
    std::size_t add_stripes(base::ConstBytes words);
    static std::uint64_t finish(Half const& half, std::array<std::uint64_t, 4> const& tail,
                                std::uint64_t words);
    std::array<Half, 2> halves_{};
    std::array<std::uint64_t, 4> tail_{};
    std::uint64_t words_ = 0;
};

} // namespace store
