// SPDX-License-Identifier: Apache-2.0
// pack-resident OUTPUT NAME=FILE:STACK_PAGES:PRIORITY... writes the resident image, the one module of a boot.
#include <abi/resident_image.hpp>
#include <abi/revision.hpp>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Program {
    std::string name;
    std::string contents;
    std::uint32_t stack_pages = 0;
    std::uint32_t priority = 0;
};

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// NAME=FILE:STACK_PAGES:PRIORITY with the file read; nothing when any part is wrong.
std::optional<Program> parse(std::string_view argument) {
    auto const equals = argument.find('=');
    auto const priority_at = argument.rfind(':');
    if (equals == argument.npos || priority_at == argument.npos) return std::nullopt;
    auto const stack_at = argument.rfind(':', priority_at - 1);
    if (stack_at == argument.npos || stack_at < equals) return std::nullopt;
    auto const stack_pages = number(argument.substr(stack_at + 1, priority_at - stack_at - 1));
    auto const priority = number(argument.substr(priority_at + 1));
    if (!stack_pages || !priority) return std::nullopt;

    Program program{std::string(argument.substr(0, equals)), {}, *stack_pages, *priority};
    std::ifstream file(std::string(argument.substr(equals + 1, stack_at - equals - 1)), std::ios::binary);
    program.contents.assign(std::istreambuf_iterator<char>(file), {});
    bool const is_elf = program.contents.starts_with("\177ELF");
    if (!is_elf || program.name.empty() || program.name.size() >= sizeof abi::ResidentProgram::name)
        return std::nullopt;
    return program;
}

std::size_t aligned(std::size_t size) { return (size + abi::frame_size - 1) & ~(abi::frame_size - 1); }

std::string image_of(std::vector<Program> const& programs) {
    abi::ResidentImageHeader header{};
    header.magic = abi::resident_image_magic;
    header.abi_revision = abi::abi_revision;
    header.program_count = static_cast<std::uint32_t>(programs.size());
    std::string image(aligned(sizeof header), '\0');
    for (std::size_t i = 0; i < programs.size(); ++i) {
        auto& entry = header.programs[i];
        programs[i].name.copy(entry.name.data(), entry.name.size());
        entry.offset = image.size();
        entry.size = programs[i].contents.size();
        entry.stack_pages = programs[i].stack_pages;
        entry.priority = programs[i].priority;
        image += programs[i].contents;
        image.resize(aligned(image.size()), '\0');
    }
    image.replace(0, sizeof header, reinterpret_cast<char const*>(&header), sizeof header);
    return image;
}

} // namespace

int main(int argument_count, char** arguments) {
    std::vector<Program> programs;
    for (int i = 2; i < argument_count; ++i) {
        auto program = parse(arguments[i]);
        if (!program) {
            std::fprintf(stderr, "pack-resident: not NAME=ELF_FILE:STACK_PAGES:PRIORITY: %s\n", arguments[i]);
            return 16;
        }
        programs.push_back(std::move(*program));
    }
    if (programs.empty() || programs.size() > abi::resident_programs_max) {
        std::fprintf(stderr, "usage: pack-resident OUTPUT NAME=ELF_FILE:STACK_PAGES:PRIORITY... (1 to %zu)\n",
                     abi::resident_programs_max);
        return 16;
    }
    std::ofstream output(arguments[1], std::ios::binary | std::ios::trunc);
    output << image_of(programs);
    output.close();
    if (!output) std::fprintf(stderr, "pack-resident: cannot write %s\n", arguments[1]);
    return output ? 0 : 8;
}
