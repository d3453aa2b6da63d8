// SPDX-License-Identifier: Apache-2.0
// Root slots: what the store is, and where the chain of commit records is entered. Two slots, each one sector
// in two places: slot i at byte i * 4096 and at byte i * 4096 of the last 8192 bytes of the store. Slots
// shorten recovery and carry boot numbers; a commit does not need one. Refreshing alternates, so the newest
// valid slot is never overwritten.
#pragma once

#include <abi/disk/place.hpp>

namespace abi::disk {

inline constexpr std::array<char, 8> root_magic = {'S', 'T', 'E', 'L', 'E', 'S', 'T', '0'};
inline constexpr std::size_t root_slot_count = 2;
inline constexpr std::size_t root_slot_stride = 4096;
inline constexpr std::size_t label_size = 32;

// Features a reader must know (incompat), a writer must know (ro_compat), and nobody must know (compat).
// Reserved names: incompat 1 = compressed blocks, 4 = paged segment table.
inline constexpr std::uint64_t incompat_moves = 2; // blocks may stand elsewhere than the map's leaves say
// A version that no checkpoint sees may have lost its block before a fold takes it out of the map.
inline constexpr std::uint64_t incompat_gone = 8;
inline constexpr std::uint64_t incompat_known = incompat_moves | incompat_gone;
inline constexpr std::uint64_t ro_compat_known = 0;

struct RootSlot {
    std::array<char, 8> magic = root_magic;
    Hash128 hash; // of bytes 24..511: a torn or rotten slot
    std::uint32_t format_revision = 0;
    std::uint32_t abi_revision = 0; // R7
    std::uint64_t incompat = 0;
    std::uint64_t ro_compat = 0;
    std::uint64_t compat = 0;
    Random128 store;                 // identity of the store
    std::uint64_t sequence = 0;      // rises by one with each refresh: the newest slot
    std::uint32_t slot = 0;          // which slot this is: a misdirected write
    std::uint32_t segment_shift = 0; // log2 of the bytes of a segment
    std::uint64_t segments = 0;      // length of the store: a truncated image
    std::uint32_t boot = 0;          // boot number of the writer (R2)
    std::uint32_t reserved0 = 0;
    Random128 nonce; // of the boot that wrote the slot: a second machine (R32), and records of dead boots
    // The newest acknowledged checkpoint when the slot was written.
    std::uint64_t generation = 0;
    Hash128 record_hash;
    Twin record;
    Twin next; // places of its successor's record; differ from the record's own after an abandoned commit
               // (R25)
    std::uint64_t created_ns = 0;
    std::array<char, label_size> label{};
    // Settings chosen when the store was made, kept by every refresh.
    std::uint32_t interval_ms = 0;        // between checkpoints; 0: on request only
    std::uint32_t retain = 0;             // newest checkpoints that stay readable, as far as space allows
    std::uint64_t processor_features = 0; // R11: XCR0 bits that its processes were started with
    // R30, beside `retain`: of the last tenths of a second one checkpoint each, of the last seconds one each.
    std::uint16_t retain_tenths = 0;
    std::uint16_t retain_seconds = 0;
    std::uint32_t migration_kib_s = 0; // what migration may write and read a second; 0: as much as it can
    std::uint64_t reserved = 0;
};
STELE_AT(RootSlot, magic, 0);
STELE_AT(RootSlot, hash, 8);
STELE_AT(RootSlot, format_revision, 24);
STELE_AT(RootSlot, abi_revision, 28);
STELE_AT(RootSlot, incompat, 32);
STELE_AT(RootSlot, ro_compat, 40);
STELE_AT(RootSlot, compat, 48);
STELE_AT(RootSlot, store, 56);
STELE_AT(RootSlot, sequence, 72);
STELE_AT(RootSlot, slot, 80);
STELE_AT(RootSlot, segment_shift, 84);
STELE_AT(RootSlot, segments, 88);
STELE_AT(RootSlot, boot, 96);
STELE_AT(RootSlot, reserved0, 100);
STELE_AT(RootSlot, nonce, 104);
STELE_AT(RootSlot, generation, 120);
STELE_AT(RootSlot, record_hash, 128);
STELE_AT(RootSlot, record, 144);
STELE_AT(RootSlot, next, 160);
STELE_AT(RootSlot, created_ns, 176);
STELE_AT(RootSlot, label, 184);
STELE_AT(RootSlot, interval_ms, 216);
STELE_AT(RootSlot, retain, 220);
STELE_AT(RootSlot, processor_features, 224);
STELE_AT(RootSlot, retain_tenths, 232);
STELE_AT(RootSlot, retain_seconds, 234);
STELE_AT(RootSlot, migration_kib_s, 236);
STELE_AT(RootSlot, reserved, 240);
inline constexpr std::size_t root_slot_used = 248; // the rest of the sector is zero
static_assert(sizeof(RootSlot) == root_slot_used && root_slot_used <= sector_size &&
              base::WireType<RootSlot>);
inline constexpr std::size_t root_slot_hash_from = 24;

} // namespace abi::disk
