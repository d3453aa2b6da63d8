// SPDX-License-Identifier: Apache-2.0
// ELF64 program headers to pages. Every number of the file is checked before it is used.
#include "program_file.hpp"

#include "problem.hpp"

#include <base/bytes.hpp>
#include <fmt/core.h>

#include <elf.h>

#include <cstring>
#include <fstream>
#include <map>

namespace tools {
namespace {

constexpr std::uint64_t user_space_end = std::uint64_t{1} << 47;
constexpr std::uint64_t segment_bytes_max = 64 << 20;

std::vector<std::byte> read_whole_file(std::filesystem::path const& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        throw Problem(ExitCode::failed, "io", file.string() + ": cannot be opened",
                      "build the program, or name its folder with --programs");
    std::vector<char> const content(std::istreambuf_iterator<char>(stream), {});
    std::vector<std::byte> bytes(content.size());
    if (!bytes.empty()) std::memcpy(bytes.data(), content.data(), content.size());
    return bytes;
}

[[noreturn]] void refuse(std::filesystem::path const& file, std::string const& why) {
    throw Problem(ExitCode::failed, "not-a-program", file.string() + ": " + why,
                  "a program is a static x86-64 ELF executable linked like those in user/apps");
}

template <class Header>
Header header_at(std::filesystem::path const& file, std::vector<std::byte> const& bytes,
                 std::uint64_t offset) {
    if (offset > bytes.size() || sizeof(Header) > bytes.size() - offset) refuse(file, "is truncated");
    Header header;
    std::memcpy(&header, bytes.data() + offset, sizeof header);
    return header;
}

} // namespace

ProgramFile read_program_file(std::filesystem::path const& file) {
    auto const bytes = read_whole_file(file);
    auto const header = header_at<Elf64_Ehdr>(file, bytes, 0);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_machine != EM_X86_64)
        refuse(file, "is not an x86-64 ELF64 file");
    if (header.e_type != ET_EXEC) refuse(file, "is not linked at a fixed address");
    std::map<std::uint64_t, ProgramPage> pages;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        auto const segment =
            header_at<Elf64_Phdr>(file, bytes, header.e_phoff + std::uint64_t{i} * header.e_phentsize);
        if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
        if (segment.p_memsz > segment_bytes_max || segment.p_vaddr >= user_space_end ||
            segment.p_vaddr < abi::frame_size)
            refuse(file, "has a segment outside user space or above 64 MiB");
        if (segment.p_filesz > segment.p_memsz || segment.p_offset > bytes.size() ||
            segment.p_filesz > bytes.size() - segment.p_offset)
            refuse(file, "has a segment outside the file");
        auto const end = segment.p_vaddr + segment.p_memsz;
        for (auto page = segment.p_vaddr & ~(abi::frame_size - 1); page < end; page += abi::frame_size) {
            auto const [at, fresh] = pages.try_emplace(page);
            if (!fresh) refuse(file, fmt::format("has two segments in the page at {:#x}", page));
            at->second.address = page;
            at->second.writable = (segment.p_flags & PF_W) != 0;
            at->second.executable = (segment.p_flags & PF_X) != 0;
            for (std::uint64_t i_byte = 0; i_byte < abi::frame_size; ++i_byte) {
                auto const address = page + i_byte;
                if (address >= segment.p_vaddr && address < segment.p_vaddr + segment.p_filesz)
                    at->second.content[i_byte] = bytes[segment.p_offset + (address - segment.p_vaddr)];
            }
        }
    }
    if (!pages.contains(header.e_entry & ~(abi::frame_size - 1))) refuse(file, "starts outside its segments");
    ProgramFile program{.entry = header.e_entry, .pages = {}};
    for (auto const& [address, page] : pages) program.pages.push_back(page);
    return program;
}

} // namespace tools
