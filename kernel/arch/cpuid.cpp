// SPDX-License-Identifier: Apache-2.0
// Processor features by CPUID.
#include <arch/cpuid.hpp>

#include <arch/registers.hpp>

#include <cstddef>

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
    {"FXSAVE", 1, Output::edx, 24},
    {"SSE2", 1, Output::edx, 26},
    {"SYSCALL", 0x8000'0001, Output::edx, 11},
};

// In the order of Optional.
constexpr Feature optional_features[] = {
    {"XSAVE", 1, Output::ecx, 26}, {"AVX", 1, Output::ecx, 28},  {"RDRAND", 1, Output::ecx, 30},
    {"SMEP", 7, Output::ebx, 7},   {"SMAP", 7, Output::ebx, 20}, {"UMIP", 7, Output::ecx, 2},
};

bool is_there(Feature const& feature) {
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
        if (!is_there(feature)) return feature.name;
    return {};
}

bool has(Optional feature) { return is_there(optional_features[static_cast<std::size_t>(feature)]); }

unsigned physical_address_bits() {
    constexpr std::uint32_t address_sizes = 0x8000'0008;
    constexpr unsigned without_the_leaf = 36;
    return cpuid(0x8000'0000).eax < address_sizes ? without_the_leaf : cpuid(address_sizes).eax & 0xff;
}

std::uint64_t random_word() {
    if (has(Optional::random)) {
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
