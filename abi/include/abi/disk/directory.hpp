// SPDX-License-Identifier: Apache-2.0
// The directory of a checkpoint: what it changed, sorted by frame. On disk a stream of entries of three
// words; the entry of a zero frame has two, because a frame without content has neither place nor hash.
#pragma once

#include <abi/disk/place.hpp>
#include <abi/frame.hpp>
#include <abi/version.hpp>

namespace abi::disk {

enum class EntryFlag : std::uint8_t {
    live = 1,   // a process frame whose run state is live (R16)
    zero = 2,   // all 4096 bytes are zero: no block, and on disk no third word
    shared = 4, // the block was written, and flushed, by an earlier checkpoint: recovery need not verify it
    compressed = 8, // reserved: refused
    // of a leaf of the map, with `zero`: from this birth on the frame is as if never written (a rollback to
    // before its first birth); of a leaf of the tree of moves: the block of the version is gone
    absent = 16,
};
inline constexpr std::uint8_t directory_flags_known = 7;
inline constexpr std::uint8_t leaf_flags_known = 19;

struct DirectoryEntry {
    using Frame = base::Field<47, 0>;
    using Type = base::Field<55, 48>;
    using Flags = base::Field<63, 56>;
    using Sector = base::Field<39, 0>;
    using Mark = base::Field<63, 40>;

    // frame number, type tag, flags: catches a block of another frame or type (it seeds the hash)
    std::uint64_t name = 0;
    std::uint64_t where = 0; // first sector of the block; version mark (R3: kept also when the frame is free)
    std::uint64_t hash = 0;  // XXH64 of the 4096 bytes: catches torn, lost, stale, misdirected, rotten blocks

    constexpr FrameId frame() const { return FrameId::persistent(Frame::get(name)); }
    constexpr FrameType type() const { return static_cast<FrameType>(Type::get(name)); }
    constexpr base::Flags<EntryFlag> flags() const {
        return base::Flags<EntryFlag>::from_raw(static_cast<std::uint8_t>(Flags::get(name)));
    }
    constexpr bool zero() const { return flags().has(EntryFlag::zero); }
    constexpr bool live() const { return flags().has(EntryFlag::live); }
    constexpr bool absent() const { return flags().has(EntryFlag::absent); }
    constexpr bool shared() const { return flags().has(EntryFlag::shared); }
    constexpr Version mark() const { return Version(static_cast<std::uint32_t>(Mark::get(where))); }
    constexpr std::uint64_t sector() const { return Sector::get(where); }
    constexpr Extent place() const { return zero() ? Extent{} : Extent::make(sector(), sectors_per_frame); }
    // The bytes of this entry on disk.
    constexpr std::size_t wire_size() const { return zero() ? 16 : 24; }
    friend constexpr bool operator==(DirectoryEntry const&, DirectoryEntry const&) = default;
};
STELE_AT(DirectoryEntry, name, 0);
STELE_AT(DirectoryEntry, where, 8);
STELE_AT(DirectoryEntry, hash, 16);
static_assert(sizeof(DirectoryEntry) == 24 && base::WireType<DirectoryEntry>);

struct EntryFields {
    FrameId frame;
    FrameType type = FrameType::free;
    Version mark;
    base::Flags<EntryFlag> flags;
    std::uint64_t sector = 0;
    std::uint64_t hash = 0;
};

constexpr DirectoryEntry make_entry(EntryFields const& fields) {
    using E = DirectoryEntry;
    return {E::Frame::make(fields.frame.number()) | E::Type::make(static_cast<std::uint64_t>(fields.type)) |
                E::Flags::make(fields.flags.raw()),
            E::Sector::make(fields.sector) | E::Mark::make(fields.mark.raw()), fields.hash};
}

} // namespace abi::disk
