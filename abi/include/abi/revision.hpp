// SPDX-License-Identifier: Apache-2.0
// Revisions: of the ABI (object layouts, R7) and of the store format. A mismatch is refused by name.
#pragma once

#include <cstdint>

namespace abi {

inline constexpr std::uint32_t abi_revision = 2;
inline constexpr std::uint32_t format_revision = 1;

} // namespace abi
