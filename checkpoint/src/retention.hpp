// SPDX-License-Identifier: Apache-2.0
// Which checkpoints stay when a fold makes another one the base (R30): the newest, then by age on the
// persistent clock, and pins.
#pragma once

#include "retained.hpp"

namespace checkpoint {

struct Retention {
    std::size_t newest = 16;   // so many in any case
    std::uint32_t tenths = 0;  // of the last tenths of a second one each
    std::uint32_t seconds = 0; // of the last seconds one each
    std::size_t unpinned_at_most = abi::disk::checkpoints_at_most;
    std::uint64_t readable_from = 0; // no directory's checkpoint before it, unless it has an entry
    std::uint64_t also = 0;          // a generation that stays whatever its age; 0: none
};

// The table beside the new base: of the checkpoints that are in the map up to `base` those that stay, and all
// pins. The base itself stays without an entry, unless it is a pin.
// Returns the oldest checkpoint from the base on that stays: what is younger has its directory.
std::uint64_t retain(Directories const& directories, Retained const& before, std::uint64_t base,
                     Retention const& retention, Retained& after);

} // namespace checkpoint
