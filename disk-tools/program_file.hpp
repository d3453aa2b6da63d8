// SPDX-License-Identifier: Apache-2.0
// A program's ELF file as pages to be mapped.
#pragma once

#include <abi/frame.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace tools {

struct ProgramPage {
    std::uint64_t address = 0; // multiple of 4096
    bool writable = false;
    bool executable = false;
    std::array<std::byte, abi::frame_size> content{};
};

struct ProgramFile {
    std::uint64_t entry = 0;
    std::vector<ProgramPage> pages; // ascending, no address twice
};

// Reads a static x86-64 ELF64 file. A file that is none, or whose segments share a page or
// leave user space, is a Problem.
ProgramFile read_program_file(std::filesystem::path const& file);

} // namespace tools
