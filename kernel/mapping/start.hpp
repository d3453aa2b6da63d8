// SPDX-License-Identifier: Apache-2.0
// Storage of the object table and of the mapping area's pools, taken once at boot.
#pragma once

#include <core/boot_memory.hpp>
#include <mapping/tables.hpp>

namespace kernel {

// After start_frames(), before free_remaining().
void start_mappings(Kernel& kernel, BootMemory& boot);

} // namespace kernel
