// SPDX-License-Identifier: Apache-2.0
// The resident image: the one boot module, an archive of the programs that the kernel starts at every boot.
#pragma once

#include <abi/frame.hpp>
#include <base/layout.hpp>

#include <array>
#include <cstdint>

namespace abi {

struct ResidentProgram {
    std::array<char, 32> name; // 0: zero filled
    std::uint64_t offset;      // 32: of the ELF64 file in the image, a multiple of 4096
    std::uint64_t size;        // 40: bytes
    std::uint32_t stack_pages; // 48
    std::uint32_t priority;    // 52: of its schedule
    std::uint64_t reserved;    // 56: zero
};

inline constexpr std::size_t resident_programs_max = 8;

struct ResidentImageHeader {
    std::uint64_t magic;         // 0: resident_image_magic
    std::uint32_t abi_revision;  // 8: refused by name when it is not the kernel's (R7)
    std::uint32_t program_count; // 12: 1..resident_programs_max; the first is the supervisor
    std::uint64_t reserved[6];   // 16: zero
    ResidentProgram programs[resident_programs_max]; // 64
};

inline constexpr std::uint64_t resident_image_magic = 0x746e'6469'7365'7273; // "rsesidnt"

static_assert(base::WireType<ResidentProgram> && sizeof(ResidentProgram) == 64);
static_assert(base::WireType<ResidentImageHeader> && sizeof(ResidentImageHeader) == 576);
STELE_AT(ResidentProgram, offset, 32);
STELE_AT(ResidentProgram, stack_pages, 48);
STELE_AT(ResidentImageHeader, programs, 64);

} // namespace abi
