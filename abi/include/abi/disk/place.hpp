// SPDX-License-Identifier: Apache-2.0
// Places on the disk: sectors of 512 bytes, runs of them, and pointers that carry the hash of what they point
// to. Everything the store writes is a whole number of sectors, because a sector is the
// unit that a power cut can tear.
#pragma once

#include <base/bits.hpp>
#include <base/layout.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace abi::disk {

inline constexpr std::size_t sector_size = 512;
inline constexpr std::uint32_t sectors_per_frame = 8;

// A run of sectors in one word: first sector [47:0], number of sectors [63:48]. Zero is "nowhere".
struct Extent {
    using First = base::Field<47, 0>;
    using Count = base::Field<63, 48>;
    std::uint64_t word = 0;

    static constexpr Extent make(std::uint64_t first, std::uint32_t count) {
        return {First::make(first) | Count::make(count)};
    }
    constexpr std::uint64_t first() const { return First::get(word); }
    constexpr std::uint32_t count() const { return static_cast<std::uint32_t>(Count::get(word)); }
    constexpr bool none() const { return word == 0; }
    constexpr std::uint64_t offset() const { return first() * sector_size; }
    constexpr std::size_t bytes() const { return count() * sector_size; }
    friend constexpr bool operator==(Extent, Extent) = default;
};
static_assert(sizeof(Extent) == 8 && base::WireType<Extent>);

// R35: the two places of one piece of metadata. Either one, if it matches its hash, is as good as the other.
using Twin = std::array<Extent, 2>;

// 128 bits for what is named by its hash (R22): commit records and directories.
struct Hash128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend constexpr bool operator==(Hash128, Hash128) = default;
};
static_assert(sizeof(Hash128) == 16 && base::WireType<Hash128>);

// Identifiers of 128 random bits: of a store (for life) and of a boot (its nonce).
struct Random128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend constexpr bool operator==(Random128, Random128) = default;
};
static_assert(sizeof(Random128) == 16 && base::WireType<Random128>);

// A pointer to metadata in two places. The hash stands here, beside the address and not in the target,
// so a torn, lost, stale or misdirected write of the target is seen when it is read.
struct TwinRef {
    Twin place;
    std::uint64_t hash = 0;
    friend constexpr bool operator==(TwinRef const&, TwinRef const&) = default;
    constexpr bool none() const { return place[0].none(); }
};
STELE_AT(TwinRef, place, 0);
STELE_AT(TwinRef, hash, 16);
static_assert(sizeof(TwinRef) == 24 && base::WireType<TwinRef>);

// Seeds that keep the kinds of hashed content apart: one kind never passes for another. Frames have their own
// (R22): the frame number in bits 47..0 and the type in bits 63..56.
enum class HashSeed : std::uint64_t {
    root_slot = 0x746f6f722e6c7473, // "stl.root"
    record = 0x7463657265722e73,    // "s.record", low byte first
    directory = 0x7465722d7269642e,
    map_node = 0x65646f6e2d70616d,
    segment_table = 0x656c626174676573,
    checkpoint_table = 0x656c626174706b63,
};
// The second half of a 128-bit hash is XXH64 with the seed's complement.

} // namespace abi::disk
