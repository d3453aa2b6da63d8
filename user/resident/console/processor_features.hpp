// SPDX-License-Identifier: Apache-2.0
// The names of the processor features that a store may need: state components as they are numbered in XCR0
// (Intel SDM 1, section 13.3). Components that come and go together have one name (R11).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace console {

struct ProcessorFeature {
    std::uint64_t bits;
    std::string_view name;
};

inline constexpr std::array<ProcessorFeature, 7> processor_features = {{
    {0x1, "x87"},
    {0x2, "sse"},
    {0x4, "avx"},
    {0x18, "mpx"},
    {0xe0, "avx512"},
    {0x200, "pkru"},
    {0x6'0000, "amx"},
}};

} // namespace console
