// SPDX-License-Identifier: Apache-2.0
// What every object in a heap frame starts with.
#pragma once

#include <base/layout.hpp>

#include <cstdint>

namespace abi {

// flags: bit 0 = in use. An object that is not in use is all zero but for its version.
struct ObjectHeader {
    std::uint32_t version; // 0: raises when the object is destroyed (R3)
    std::uint32_t flags;   // 4

    static constexpr std::uint32_t in_use = 1;
};

static_assert(base::WireType<ObjectHeader> && sizeof(ObjectHeader) == 8);
STELE_AT(ObjectHeader, version, 0);
STELE_AT(ObjectHeader, flags, 4);

} // namespace abi
