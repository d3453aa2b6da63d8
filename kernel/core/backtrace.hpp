// SPDX-License-Identifier: Apache-2.0
// Back-traces with names: the frame-pointer chain of the kernel's stacks, and the symbol table that the
// second link put into the image.
#pragma once

#include <cstdint>
#include <string_view>

namespace kernel {

struct Symbol {
    std::string_view name;    // empty: not an address of the kernel's code
    std::uint64_t offset = 0; // from its start
};

Symbol find_symbol(std::uint64_t address);
// Logs the chain of callers from this frame pointer on, at most 32.
void log_backtrace(std::uint64_t frame_pointer);
// Logs "  0x... name+0x..".
void log_code_address(std::uint64_t address);

} // namespace kernel
