// SPDX-License-Identifier: Apache-2.0
// Capability page: 256 capabilities; its version is the frame's version mark.
#pragma once

#include <abi/capability.hpp>

namespace abi {

struct CapabilityPage {
    Capability slots[capabilities_per_page];

    static constexpr std::size_t capability_offset = 0;
    static constexpr std::size_t capability_count = capabilities_per_page;
};

static_assert(base::WireType<CapabilityPage> && sizeof(CapabilityPage) == frame_size);

} // namespace abi
