// SPDX-License-Identifier: Apache-2.0
// Checks the resident image and loads ELF64 programs page by page.
#include <boot/program_file.hpp>

#include <abi/revision.hpp>

#include <linux/elf.h>

#include <algorithm>
#include <cstring>

namespace kernel {

namespace {

constexpr std::uint64_t page_mask = abi::frame_size - 1;

bool is_program(Elf64_Ehdr const& header) {
    return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
           header.e_type == ET_EXEC && header.e_machine == EM_X86_64 &&
           header.e_phentsize == sizeof(Elf64_Phdr);
}

abi::Rights rights_of(Elf64_Phdr const& segment) {
    abi::Rights rights;
    if ((segment.p_flags & PF_W) == 0) rights |= abi::Right::read_only;
    if ((segment.p_flags & PF_X) == 0) rights |= abi::Right::no_execute;
    return rights;
}

bool is_sound(Elf64_Phdr const& segment, std::size_t file_size) {
    return segment.p_filesz <= segment.p_memsz && segment.p_offset <= file_size &&
           segment.p_filesz <= file_size - segment.p_offset && segment.p_vaddr < user_address_end &&
           segment.p_memsz < user_address_end - segment.p_vaddr;
}

void load_segment(ResidentObjects& objects, ResidentSpace& space, Elf64_Phdr const& segment,
                  base::ConstBytes content) {
    auto const end = segment.p_vaddr + segment.p_memsz;
    for (auto page_start = segment.p_vaddr & ~page_mask; page_start < end; page_start += abi::frame_size) {
        auto const page = objects.page(abi::FrameType::data_page);
        auto const from = std::max<std::uint64_t>(page_start, segment.p_vaddr);
        auto const to =
            std::min<std::uint64_t>(page_start + abi::frame_size, segment.p_vaddr + segment.p_filesz);
        if (from < to) {
            auto writer = FrameWriter(objects.kernel(), page, 0, objects.committed());
            std::memcpy(writer.page().data() + (from - page_start), content.data() + (from - segment.p_vaddr),
                        to - from);
        }
        space.map(UserAddress(page_start), page, rights_of(segment));
    }
}

} // namespace

std::string_view name_of(abi::ResidentProgram const& program) {
    std::size_t length = 0;
    while (length < program.name.size() && program.name[length] != 0) ++length;
    return {program.name.data(), length};
}

abi::ResidentImageHeader const& check_resident_image(base::ConstBytes image) {
    if (image.size() < sizeof(abi::ResidentImageHeader))
        panic("no resident image was loaded with the kernel");
    auto const& header = base::view<abi::ResidentImageHeader>(image);
    if (header.magic != abi::resident_image_magic) panic("the boot module is not a resident image");
    if (header.abi_revision != abi::abi_revision)
        panic("the resident image has ABI revision ", header.abi_revision, ", the kernel ",
              abi::abi_revision);
    if (header.program_count < 1 || header.program_count > abi::resident_programs_max)
        panic("the resident image has ", header.program_count, " programs");
    for (auto const& program : std::span(header.programs).first(header.program_count))
        if (program.offset % abi::frame_size != 0 || program.offset > image.size() ||
            program.size > image.size() - program.offset)
            panic("resident program ", name_of(program), " lies outside the image");
    return header;
}

UserAddress load_program(ResidentObjects& objects, ResidentSpace& space, std::string_view name,
                         base::ConstBytes file) {
    if (file.size() < sizeof(Elf64_Ehdr)) panic("resident program ", name, " is no ELF64 file");
    Elf64_Ehdr header;
    std::memcpy(&header, file.data(), sizeof header);
    if (!is_program(header) || header.e_phoff > file.size() ||
        header.e_phnum > (file.size() - header.e_phoff) / sizeof(Elf64_Phdr))
        panic("resident program ", name, " is no ELF64 program for this machine");
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment;
        std::memcpy(&segment, file.data() + header.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
        if (!is_sound(segment, file.size())) panic("a segment of resident program ", name, " is unsound");
        load_segment(objects, space, segment, file.subspan(segment.p_offset, segment.p_filesz));
    }
    return UserAddress(header.e_entry);
}

} // namespace kernel
