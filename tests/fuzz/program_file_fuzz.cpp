// SPDX-License-Identifier: Apache-2.0
// Programs: any file is pages in user space with an entry among them, or a Problem.
//   Input: an ELF header and program headers.
#include "mutator.hpp"
#include "text_file.hpp"

#include "problem.hpp"
#include "program_file.hpp"

#include <elf.h>

namespace {

using fuzz::require;

// Not the layout: an ELF header that says otherwise is refused at once.
void repair(base::Bytes input) {
    Elf64_Ehdr header;
    std::memcpy(&header, input.data(), sizeof header);
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_machine = EM_X86_64;
    header.e_type = ET_EXEC;
    header.e_phnum %= 8;
    std::memcpy(input.data(), &header, sizeof header);
}

constexpr fuzz::Shape shape{sizeof(Elf64_Ehdr), sizeof(Elf64_Phdr), repair};
// Pages are 4 KiB each: what one input may ask for is the reader's own limit, 64 MiB a segment.
constexpr std::uint64_t pages_at_most = 8 * ((64 << 20) / 4096 + 1);

void check(tools::ProgramFile const& program) {
    require(program.pages.size() <= pages_at_most, "a program is not larger than its segments");
    bool entered = false;
    for (std::size_t i = 0; i < program.pages.size(); ++i) {
        auto const address = program.pages[i].address;
        require(address % 4096 == 0 && address >= 4096, "pages stand at pages, never at zero");
        require(address < (std::uint64_t{1} << 47), "in user space");
        require(i == 0 || program.pages[i - 1].address < address, "in order");
        entered = entered || (program.entry >= address && program.entry - address < 4096);
    }
    require(entered, "it starts inside its pages");
}

} // namespace

STELE_FUZZ_MUTATOR(shape)

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    // Segments beyond 1 MiB are tens of thousands of pages: slow, and no other way through the reader.
    std::vector<std::uint8_t> bytes(data, data + size);
    for (auto at = sizeof(Elf64_Ehdr); at + sizeof(Elf64_Phdr) <= bytes.size(); at += sizeof(Elf64_Phdr)) {
        Elf64_Phdr segment;
        std::memcpy(&segment, bytes.data() + at, sizeof segment);
        if (segment.p_memsz > (64 << 20) || segment.p_memsz < (1 << 20)) continue;
        segment.p_memsz &= (1 << 20) - 1;
        std::memcpy(bytes.data() + at, &segment, sizeof segment);
    }
    static fuzz::InputFile const file;
    auto const& path = file.write(bytes.data(), bytes.size());
    try {
        check(tools::read_program_file(path));
    } catch (tools::Problem const& problem) {
        require(problem.code() == tools::ExitCode::failed && !problem.remedy().empty(),
                "a problem says what to do");
    }
    return 0;
}
