// SPDX-License-Identifier: Apache-2.0
// Eight ways in which a disk gives back something else than what was written, without a word.
#pragma once

#include "live_ranges.hpp"
#include "recorded_disk.hpp"
#include "scenes.hpp"

#include <array>
#include <string_view>

namespace tests {

enum class Way : std::uint8_t {
    bit_flip,
    zeros,
    ones,
    rubbish,
    stale,       // as it was long ago: the oldest content that differs
    swapped,     // with the next sector
    misdirected, // what belongs elsewhere, of the same kind where there is any: a whole structure at
                 // another's place
    lost,        // the last write never came: the newest older content
};
inline constexpr std::array<std::string_view, 8> way_names = {"bit-flip", "zeros",   "ones",        "rubbish",
                                                              "stale",    "swapped", "misdirected", "lost"};

// Does it to one sector (where swapped and misdirected, to its neighbours too). The bytes that differ then;
// none: it made no difference.
std::vector<std::uint64_t> do_damage(UndoDisk& disk, Scene const& scene, LiveRanges const& live, Way way,
                                     std::uint64_t offset, std::mt19937_64& random);

} // namespace tests
