// SPDX-License-Identifier: Apache-2.0
// Processor features by CPUID.
#include <arch/cpuid.hpp>

#include <arch/registers.hpp>

namespace kernel::arch {

namespace {

enum class Output : std::uint8_t { ebx, ecx, edx };

struct Feature {
    std::string_view name;
    std::uint32_t leaf;
    Output output;
    unsigned bit;
};

constexpr Feature required_features[] = {
    {"time-stamp counter", 1, Output::edx, 4},
    {"local APIC", 1, Output::edx, 9},
    {"SSE2", 1, Output::edx, 26},
    {"XSAVE", 1, Output::ecx, 26},
    {"AVX", 1, Output::ecx, 28},
    {"SMEP", 7, Output::ebx, 7},
    {"SMAP", 7, Output::ebx, 20},
    {"SYSCALL", 0x8000'0001, Output::edx, 11},
};

constexpr Feature random_feature = {"RDRAND", 1, Output::ecx, 30};
constexpr Feature prevention_feature = {"UMIP", 7, Output::ecx, 2};

bool has(Feature const& feature) {
    if (cpuid(feature.leaf & 0x8000'0000).eax < feature.leaf) return false;
    auto const result = cpuid(feature.leaf);
    switch (feature.output) {
    case Output::ebx: return (result.ebx >> feature.bit & 1) != 0;
    case Output::ecx: return (result.ecx >> feature.bit & 1) != 0;
    case Output::edx: return (result.edx >> feature.bit & 1) != 0;
    }
    return false;
}

} // namespace

CpuidResult cpuid(std::uint32_t leaf, std::uint32_t subleaf) {
    CpuidResult r{};
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

std::string_view missing_feature() {
    for (auto const& feature : required_features)
        if (!has(feature)) return feature.name;
    return {};
}

bool has_random() { return has(random_feature); }
bool has_instruction_prevention() { return has(prevention_feature); }

std::uint64_t random_word() {
    if (has_random()) {
        // The generator may be empty for a moment (Intel SDM 1, section 7.3.17: ten tries suffice).
        for (int tries = 0; tries < 10; ++tries) {
            std::uint64_t word = 0;
            unsigned char filled = 0;
            asm volatile("rdrand %0\n\tsetc %1" : "=r"(word), "=qm"(filled));
            if (filled != 0) return word;
        }
    }
    return timestamp() * 0x9e37'79b9'7f4a'7c15;
}

} // namespace kernel::arch
