// SPDX-License-Identifier: Apache-2.0
// What the processor can do (Intel SDM 2A, CPUID): the features that the kernel cannot do without, by name.
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
bool has_random();
bool has_instruction_prevention(); // UMIP
// 64 random bits: RDRAND, or the time-stamp counter where there is none.
std::uint64_t random_word();

} // namespace kernel::arch
