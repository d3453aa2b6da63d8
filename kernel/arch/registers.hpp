// SPDX-License-Identifier: Apache-2.0
// Control registers, flags and model-specific registers by name (Intel SDM 3A section 2.5; volume 4).
#pragma once

#include <base/bits.hpp>

#include <cstdint>

namespace kernel::arch {

enum class Cr0 : std::uint64_t {
    protection = 1ull << 0,
    monitor_coprocessor = 1ull << 1,
    emulation = 1ull << 2,
    task_switched = 1ull << 3, // the next vector instruction traps (#NM)
    numeric_error = 1ull << 5,
    write_protect = 1ull << 16, // the kernel, too, obeys read-only entries
    paging = 1ull << 31,
};

enum class Cr4 : std::uint64_t {
    physical_address_extension = 1ull << 5,
    page_global = 1ull << 7,
    fxsave = 1ull << 9,
    simd_exceptions = 1ull << 10,
    user_instruction_prevention = 1ull << 11,
    xsave = 1ull << 18,
    smep = 1ull << 20,
    smap = 1ull << 21,
};

enum class Flag : std::uint64_t {
    carry = 1ull << 0,
    always_one = 1ull << 1,
    parity = 1ull << 2,
    adjust = 1ull << 4,
    zero = 1ull << 6,
    sign = 1ull << 7,
    trap = 1ull << 8,
    interrupts = 1ull << 9,
    direction = 1ull << 10,
    overflow = 1ull << 11,
    nested_task = 1ull << 14,
    resume = 1ull << 16,
    alignment_check = 1ull << 18,
    identification = 1ull << 21,
};
using FlagSet = base::Flags<Flag>;

enum class Msr : std::uint32_t {
    apic_base = 0x1b,
    efer = 0xc000'0080,
    star = 0xc000'0081,
    lstar = 0xc000'0082,
    fmask = 0xc000'0084,
    fs_base = 0xc000'0100,
    gs_base = 0xc000'0101,
    kernel_gs_base = 0xc000'0102,
};

inline constexpr std::uint64_t efer_system_call = 1 << 0;
inline constexpr std::uint64_t efer_long_mode = 1 << 8;
inline constexpr std::uint64_t efer_no_execute = 1 << 11;

inline std::uint64_t read_msr(Msr msr) {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(static_cast<std::uint32_t>(msr)));
    return (std::uint64_t{high} << 32) | low;
}

inline void write_msr(Msr msr, std::uint64_t value) {
    asm volatile("wrmsr"
                 :
                 : "c"(static_cast<std::uint32_t>(msr)), "a"(static_cast<std::uint32_t>(value)),
                   "d"(static_cast<std::uint32_t>(value >> 32))
                 : "memory");
}

inline std::uint64_t read_cr0() {
    std::uint64_t value = 0;
    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}
inline void write_cr0(std::uint64_t value) { asm volatile("mov %0, %%cr0" : : "r"(value) : "memory"); }

inline std::uint64_t read_cr2() {
    std::uint64_t value = 0;
    asm volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

inline std::uint64_t read_cr4() {
    std::uint64_t value = 0;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}
inline void write_cr4(std::uint64_t value) { asm volatile("mov %0, %%cr4" : : "r"(value) : "memory"); }

inline std::uint64_t timestamp() {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (std::uint64_t{high} << 32) | low;
}

} // namespace kernel::arch
