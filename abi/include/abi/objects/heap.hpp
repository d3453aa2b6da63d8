// SPDX-License-Identifier: Apache-2.0
// Heap: turns untyped frames into frames of one object type (F21, R38).
#pragma once

#include <abi/capability.hpp>
#include <abi/objects/object_header.hpp>

#include <cstddef>
#include <cstdint>

namespace abi {

struct Heap {
    ObjectHeader header;         // 0
    std::uint8_t object_type;    // 8: FrameType of the objects it makes: patt .. heap
    std::uint8_t persistent;     // 9: 0 or 1
    std::uint8_t resident;       // 10: 0 or 1; persistent = 0 implies 1 (R38)
    std::uint8_t reserved0;      // 11: zero
    std::uint32_t frame_limit;   // 12: frames it may hold
    std::uint32_t frame_count;   // 16: frames it holds
    std::uint32_t reserved1;     // 20: zero
    std::uint64_t reserved2;     // 24: zero
    Capability allocator;        // 32: endpoint of the page-frame allocator (space bank)
    std::uint64_t reserved3[10]; // 48: zero

    static constexpr std::size_t capability_offset = 32;
    static constexpr std::size_t capability_count = 1;
};

static_assert(base::WireType<Heap> && sizeof(Heap) == 128);
STELE_AT(Heap, object_type, 8);
STELE_AT(Heap, frame_limit, 12);
STELE_AT(Heap, allocator, Heap::capability_offset);
STELE_AT(Heap, reserved3, 48);

} // namespace abi
