// SPDX-License-Identifier: Apache-2.0
// Builds the PATT tree of an address space from the pages it maps.
#pragma once

#include "frame_arena.hpp"

#include <cstdint>
#include <vector>

namespace tools {

struct MappedPage {
    std::uint64_t address = 0; // multiple of 4096, below 2^47
    abi::Capability page;
};

inline constexpr unsigned user_space_bits = 47;

// The capability to the root PATT. Pages are sorted by address, no address twice; an
// empty list gives an empty node.
abi::Capability build_address_space(FrameArena& arena, std::vector<MappedPage> const& pages);
// The same of a part: 2^size bytes from `base` on, which hold all of the pages.
abi::Capability build_address_space(FrameArena& arena, std::vector<MappedPage> const& pages,
                                    std::uint64_t base, unsigned size);

} // namespace tools
