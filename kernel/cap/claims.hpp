// SPDX-License-Identifier: Apache-2.0
// Non-persistent frames handed out by FrameRange: counted over all holders against each capability's limit.
#pragma once

#include <core/kernel.hpp>

#include <cstdint>

namespace kernel {

struct Claims {
    std::uint32_t transient_frames = 0;
};

Claims& claims(Kernel& kernel);
Claims const& claims(Kernel const& kernel);

} // namespace kernel
