// SPDX-License-Identifier: Apache-2.0
// Walks frame pointers, reading only inside the kernel's stacks, and names return addresses.
#include <core/backtrace.hpp>

#include <core/log.hpp>

#include <bit>

extern "C" {
// Made from the first link by symbols.awk: addresses in ascending order, then
// offsets of the names, then the names.
extern std::uint32_t const symbol_count;
extern std::uint64_t const symbol_addresses[];
extern std::uint32_t const symbol_names[];
extern char const symbol_text[];
extern char const kernel_text_start[];
extern char const kernel_text_end[];
extern char const kernel_data_start[];
extern char const kernel_data_end[];
}

namespace kernel {

namespace {

constexpr unsigned depth_max = 32;

std::uint64_t address_of(char const* symbol) { return std::bit_cast<std::uint64_t>(symbol); }

bool is_code(std::uint64_t address) {
    return address >= address_of(kernel_text_start) && address < address_of(kernel_text_end);
}

// Two words at an address of a stack, which lies in the kernel's data.
bool is_readable(std::uint64_t address) {
    return address % 8 == 0 && address >= address_of(kernel_data_start) &&
           address + 16 <= address_of(kernel_data_end);
}

} // namespace

Symbol find_symbol(std::uint64_t address) {
    if (!is_code(address) || symbol_count == 0 || address < symbol_addresses[0]) return {};
    std::uint32_t low = 0;
    std::uint32_t high = symbol_count;
    while (high - low > 1) {
        auto const middle = low + (high - low) / 2;
        if (symbol_addresses[middle] <= address) low = middle;
        else high = middle;
    }
    return {std::string_view(symbol_text + symbol_names[low]), address - symbol_addresses[low]};
}

void log_code_address(std::uint64_t address) {
    auto const symbol = find_symbol(address);
    if (symbol.name.empty()) log("  ", base::Hex{address});
    else log("  ", base::Hex{address}, " ", symbol.name, "+", base::Hex{symbol.offset});
}

void log_backtrace(std::uint64_t frame_pointer) {
    for (unsigned depth = 0; depth < depth_max && is_readable(frame_pointer); ++depth) {
        auto const* frame = std::bit_cast<std::uint64_t const*>(frame_pointer);
        if (!is_code(frame[1])) return;
        log_code_address(frame[1]);
        // Callers stand higher on the stack: the walk ends.
        if (frame[0] <= frame_pointer) return;
        frame_pointer = frame[0];
    }
}

} // namespace kernel
