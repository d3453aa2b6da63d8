// SPDX-License-Identifier: Apache-2.0
// What the processor can do (Intel SDM 2A, CPUID): the features that the kernel cannot do without, by name,
// and those that it uses where they are.
#pragma once

#include <cstdint>
#include <string_view>

namespace kernel::arch {

struct CpuidResult {
    std::uint32_t eax, ebx, ecx, edx;
};

CpuidResult cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0);

// Name of the first required feature that is missing; empty when the processor will do.
std::string_view missing_feature();

enum class Optional : std::uint8_t {
    xsave,
    avx,
    random,                 // RDRAND
    execution_prevention,   // SMEP
    access_prevention,      // SMAP
    instruction_prevention, // UMIP
};
bool has(Optional feature);

// Physical addresses have this many bits.
unsigned physical_address_bits();
// 64 random bits: RDRAND, or the time-stamp counter where there is none.
std::uint64_t random_word();

} // namespace kernel::arch
