// SPDX-License-Identifier: Apache-2.0
// What of the processor a store's processes may use, as XCR0 numbers it (Intel SDM 1, section 13.3; R11).
// Every process has x87 and SSE; AVX is there when the store says so, on every machine that runs it, else
// nowhere.
#pragma once

#include <cstdint>

namespace abi {

inline constexpr std::uint64_t baseline_features = 0x3; // x87, SSE: every x86-64 processor
inline constexpr std::uint64_t avx_feature = 0x4;

} // namespace abi
