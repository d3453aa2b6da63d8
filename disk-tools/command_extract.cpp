// SPDX-License-Identifier: Apache-2.0
// extract: the memory and registers of a process as an ELF core file, which gdb, objdump and readelf read.
// Zero pages are holes.
#include "options.hpp"
#include "output_file.hpp"
#include "process_memory.hpp"
#include "report.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <elf.h>
#include <sys/procfs.h>
#include <sys/user.h>

namespace tools {
namespace {

template <class Value>
base::ConstBytes bytes_of(Value const& value) {
    return std::as_bytes(std::span(&value, 1));
}

// Before the status stand 20 bytes, after which it is not aligned: so it is no member of one structure.
struct NoteHeader {
    Elf64_Nhdr header = {5, sizeof(elf_prstatus), NT_PRSTATUS};
    std::array<char, 8> name = {'C', 'O', 'R', 'E'};
};
constexpr std::uint64_t note_bytes = sizeof(NoteHeader) + sizeof(elf_prstatus);
static_assert(sizeof(NoteHeader) == 20);

// The registers as Linux names them, which is what readers of core files know.
elf_prstatus status_of(abi::Process const& process, abi::FrameId frame) {
    elf_prstatus status = {};
    auto const& from = process.registers;
    user_regs_struct to{};
    to.r15 = from.r15, to.r14 = from.r14, to.r13 = from.r13, to.r12 = from.r12;
    to.r11 = from.r11, to.r10 = from.r10, to.r9 = from.r9, to.r8 = from.r8;
    to.rax = to.orig_rax = from.rax, to.rbx = from.rbx, to.rcx = from.rcx, to.rdx = from.rdx;
    to.rsi = from.rsi, to.rdi = from.rdi, to.rbp = from.rbp, to.rsp = from.rsp;
    to.rip = from.rip, to.eflags = from.rflags, to.fs_base = from.fs_base, to.gs_base = from.gs_base;
    static_assert(sizeof to == sizeof status.pr_reg);
    std::memcpy(&status.pr_reg, &to, sizeof to);
    status.pr_pid = static_cast<int>(frame.number());
    return status;
}

Elf64_Ehdr core_header(std::size_t segments) {
    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_CORE;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof(Elf64_Ehdr);
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<Elf64_Half>(segments);
    return header;
}

std::vector<Elf64_Phdr> segments_of(std::vector<MemoryRange> const& ranges, std::uint64_t& end) {
    Elf64_Phdr note = {};
    note.p_type = PT_NOTE;
    note.p_offset = sizeof(Elf64_Ehdr) + (ranges.size() + 1) * sizeof(Elf64_Phdr);
    note.p_filesz = note_bytes;
    note.p_align = 4;
    std::vector<Elf64_Phdr> segments = {note};
    end = (note.p_offset + note.p_filesz + abi::frame_size - 1) / abi::frame_size * abi::frame_size;
    for (auto const& range : ranges) {
        Elf64_Phdr load = {};
        load.p_type = PT_LOAD;
        load.p_flags = PF_R | (range.writable ? PF_W : 0U) | (range.executable ? PF_X : 0U);
        load.p_offset = end;
        load.p_vaddr = range.address;
        load.p_filesz = load.p_memsz = range.pages * abi::frame_size;
        load.p_align = abi::frame_size;
        end += load.p_filesz;
        segments.push_back(load);
    }
    return segments;
}

void write_core(OutputFile& output, ProcessMemory const& memory, elf_prstatus const& status) {
    auto const ranges = memory.ranges();
    if (ranges.size() >= PN_XNUM - 1)
        throw Problem(ExitCode::failed, "io", "the process has more ranges than a core file can name",
                      "see stele cat --range for a part of it");
    std::uint64_t end = 0;
    auto const segments = segments_of(ranges, end);
    output.set_size(end);
    output.write_at(0, bytes_of(core_header(segments.size())));
    output.write_at(sizeof(Elf64_Ehdr), std::as_bytes(std::span(segments)));
    output.write_at(segments.front().p_offset, bytes_of(NoteHeader()));
    output.write_at(segments.front().p_offset + sizeof(NoteHeader), bytes_of(status));
    auto offset = segments.size() > 1 ? segments[1].p_offset : end;
    for (auto const& page : memory.pages()) {
        alignas(64) std::array<std::byte, abi::frame_size> content;
        if (!memory.read(page, content)) output.write_at(offset, content);
        offset += abi::frame_size;
    }
}

} // namespace

int command_extract(CommonOptions const& common, ExtractOptions const& options) {
    StoreView view(options.store, common.live);
    Objects objects(view);
    auto const id = objects.parse(options.object);
    auto const& frame = objects.frame(id.frame());
    if (frame.info.type != abi::FrameType::process)
        throw Problem(ExitCode::failed, "no-such-object", "'" + options.object + "' is no process",
                      "for the bytes of another object see stele cat");
    auto const status = status_of(base::view<abi::Process>(base::ConstBytes(frame.bytes)), id.frame());
    ProcessMemory const memory(view, objects, id.frame());
    OutputFile output(options.output, options.force);
    write_core(output, memory, status);
    output.complete();

    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    Table table({"<ADDRESS", "SIZE", "<ACCESS"});
    for (auto const& range : memory.ranges()) {
        auto const bytes = range.pages * abi::frame_size;
        list.push_back(
            {{"address", format_hex(range.address)}, {"bytes", bytes}, {"access", range.access()}});
        table.row({format_hex(range.address), format_size(bytes, common.units), range.access()});
    }
    if (common.json)
        print_json({{"schema", "stele.extract/1"},
                    {"generation", view.at().generation.counter()},
                    {"file", options.output},
                    {"ranges", list}});
    else if (!common.quiet) table.print();
    return 0;
}

} // namespace tools
