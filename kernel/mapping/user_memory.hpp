// SPDX-License-Identifier: Apache-2.0
// Kernel copies from and to a process's memory: by translation of the address, never by dereferencing it.
#pragma once

#include <mapping/map_fault.hpp>

#include <span>

namespace kernel {

// A piece of a page: valid until the next operation that may evict.
struct UserPage {
    FrameIndex frame = no_frame;
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0; // to the end of the page
};

// absent | invalid_address | access_violation | wrong_type | malformed_space | void_capability.
Result<UserPage> resolve_user(Kernel& kernel, ProcessRef process, UserAddress address, Access access);

// All or nothing for up to two pages (the range may straddle): pages are resolved
// before the first byte is copied.
Result<> copy_from_user(Kernel& kernel, ProcessRef process, UserAddress address, std::span<std::byte> to);
Result<> copy_to_user(Kernel& kernel, ProcessRef process, UserAddress address,
                      std::span<std::byte const> from, Committed const& committed);

// A frame's worth of bytes of the DMA arena, by the address at which the process has it mapped; any
// alignment. The only memory through which frames enter and leave the kernel (R12).
// invalid_address: anything else.
Result<std::span<std::byte>> resolve_arena(Kernel& kernel, ProcessRef process, UserAddress address);

} // namespace kernel
