// SPDX-License-Identifier: Apache-2.0
// Replaces instructions of entry.S by others of the same length: a branch at every entry would cost all
// processors.
#include <arch/adapt.hpp>

#include <arch/cpuid.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <base/contract.hpp>

extern "C" {
extern std::uint8_t exception_forbids_user_access[];
extern std::uint8_t interrupt_forbids_user_access[];
extern std::uint8_t load_vector_state_instruction[];
}

namespace kernel::arch {

namespace {

constexpr std::array<std::uint8_t, 3> clac = {0x0f, 0x01, 0xca};
constexpr std::array<std::uint8_t, 3> three_byte_nop = {0x0f, 0x1f, 0x00};
constexpr std::array<std::uint8_t, 4> xrstor64_rdi = {0x48, 0x0f, 0xae, 0x2f};
constexpr std::array<std::uint8_t, 4> fxrstor64_rdi = {0x48, 0x0f, 0xae, 0x0f};

template <std::size_t length>
void replace(std::uint8_t* place, std::array<std::uint8_t, length> const& was,
             std::array<std::uint8_t, length> const& by) {
    invariant(std::memcmp(place, was.data(), length) == 0);
    std::memcpy(place, by.data(), length);
}

} // namespace

void adapt_instructions() {
    if (!has(Optional::access_prevention)) {
        replace(exception_forbids_user_access, clac, three_byte_nop);
        replace(interrupt_forbids_user_access, clac, three_byte_nop);
    }
    if (!has(Optional::xsave)) replace(load_vector_state_instruction, xrstor64_rdi, fxrstor64_rdi);
    // An instruction that was fetched before its change is thrown away by the next one that serializes.
    cpuid(0);
}

} // namespace kernel::arch
