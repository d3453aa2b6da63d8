// SPDX-License-Identifier: Apache-2.0
// PATT: prefix-and-target table, the one node kind of address spaces (F1, F2).
// Translation of an address a (coyotos.md's order): a >= 2^size: invalid. key = a with the low `residual`
// bits cleared; the first slot whose prefix equals key; remainder = the low `residual` bits; child size <=
// residual, so a walk ends.
#pragma once

#include <abi/capability.hpp>
#include <abi/objects/object_header.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace abi {

inline constexpr std::size_t patt_slots = 16;

// A prefix with bit 0 set never matches an address; it says what else the slot is.
enum class PattPrefix : std::uint64_t {
    invalid = 1,
    keeper = 3,
    background = 5,
};

struct Patt {
    ObjectHeader header;                 // 0
    std::uint8_t size;                   // 8: log2 of bytes spanned, 12..64
    std::uint8_t residual;               // 9: log2 of bytes a slot spans, 12..size
    std::uint16_t reserved0;             // 10: zero
    std::uint32_t reserved1;             // 12: zero
    std::uint64_t prefixes[patt_slots];  // 16: PattPrefix::invalid when the slot is empty
    Capability capabilities[patt_slots]; // 144
    std::uint64_t reserved2[14];         // 400: zero

    // Byte offsets of the capability slots: collection, snapshot, audit and inspection iterate these.
    static constexpr std::size_t capability_offset = 144;
    static constexpr std::size_t capability_count = patt_slots;
};

static_assert(base::WireType<Patt> && sizeof(Patt) == 512);
STELE_AT(Patt, size, 8);
STELE_AT(Patt, residual, 9);
STELE_AT(Patt, prefixes, 16);
STELE_AT(Patt, capabilities, Patt::capability_offset);
STELE_AT(Patt, reserved2, 400);

} // namespace abi
