// SPDX-License-Identifier: Apache-2.0
// The page in which the compute loop leaves its progress. It never invokes
// anything, so somebody else prints it.
#pragma once

#include <base/layout.hpp>

#include <cstdint>

namespace compute {

struct Result {
    std::uint64_t rounds;   // 0
    std::uint64_t failures; // 8: rounds in which registers and memory disagreed
    std::uint64_t reserved[6];
    std::uint64_t lanes[4]; // 64: the sums at the end of the last round; without AVX the first two
};
STELE_AT(Result, rounds, 0);
STELE_AT(Result, failures, 8);
STELE_AT(Result, lanes, 64);

// Where images/*.toml map it: writable for compute, read-only for the watcher.
inline constexpr std::uint64_t result_address = 0x10'0000'0000;

} // namespace compute
