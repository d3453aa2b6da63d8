// SPDX-License-Identifier: Apache-2.0
// Storage of the frame cache, taken once at boot.
#pragma once

#include <memory/epoch.hpp>

#include <core/boot_memory.hpp>

namespace kernel {

// Takes the page-frame array and the hash buckets. After every other pool has been taken, free_remaining()
// turns what is left into free frames.
void start_frames(Memory& memory, BootMemory& boot);
void free_remaining(Memory& memory, BootMemory const& boot);

} // namespace kernel
