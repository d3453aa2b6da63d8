// SPDX-License-Identifier: Apache-2.0
// cat: bytes of a frame, or of a process's memory, on standard output.
#include "options.hpp"
#include "process_memory.hpp"
#include "report.hpp"

#include <abi/objects/frame_shape.hpp>
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <unistd.h>

namespace tools {
namespace {

struct Range {
    std::uint64_t first = 0;
    std::uint64_t end = 0; // not in it
};

// A number, hexadecimal behind 0x. The rest of the text stays.
bool take_number(std::string_view& text, std::uint64_t& value) {
    bool const hex = text.starts_with("0x");
    if (hex) text.remove_prefix(2);
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

Range parse_range(std::string const& text) {
    std::string_view rest = text;
    Range range;
    bool good = take_number(rest, range.first) && !rest.empty();
    bool const is_length = good && rest.front() == '+';
    good = good && (is_length || rest.front() == ':');
    if (good) rest.remove_prefix(1);
    good = good && take_number(rest, range.end) && rest.empty();
    if (good && is_length) good = !__builtin_add_overflow(range.first, range.end, &range.end);
    if (good && range.first < range.end) return range;
    throw Problem(ExitCode::usage, "usage", "'" + text + "' is no range",
                  "name it as FIRST:END (END is not in it) or FIRST+LENGTH, e.g. 0x400000+64");
}

void put(base::ConstBytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

// Nothing is written unless all of it can be.
void put_memory(ProcessMemory const& memory, Range range, std::string const& name) {
    for (auto at = range.first; at < range.end; at = (at | (abi::frame_size - 1)) + 1)
        if (memory.page_at(at) == nullptr)
            throw Problem(ExitCode::failed, "no-such-object",
                          fmt::format("nothing is mapped at {:#x} of {}", at, name),
                          "see stele inspect --space, or stele extract for all that is mapped");
    for (auto at = range.first; at < range.end;) {
        alignas(64) std::array<std::byte, abi::frame_size> content;
        memory.read(*memory.page_at(at), content);
        auto const offset = at % abi::frame_size;
        auto const count = std::min(abi::frame_size - offset, range.end - at);
        put(base::ConstBytes(content).subspan(offset, count));
        at += count;
    }
}

} // namespace

int command_cat(CommonOptions const& common, CatOptions const& options) {
    if (common.json)
        throw Problem(ExitCode::usage, "usage", "the bytes of an object are no JSON document",
                      "see stele inspect --hex --json");
    if (::isatty(STDOUT_FILENO) != 0 && !options.force)
        throw Problem(ExitCode::usage, "usage",
                      "standard output is a terminal, and the bytes may be anything",
                      "write them to a file or a pipe, or say --force; see stele inspect --hex");
    auto const asked = options.range.empty() ? Range{} : parse_range(options.range);
    StoreView view(options.store, common.live);
    Objects objects(view);
    auto const id = objects.parse(options.object);
    auto const& frame = objects.frame(id.frame());
    if (frame.info.type == abi::FrameType::process && !options.range.empty()) {
        put_memory(ProcessMemory(view, objects, id.frame()), asked, options.object);
        return 0;
    }
    // An object among others in its frame is its own bytes.
    auto const shape = abi::shape_of(frame.info.type);
    auto const size = shape.objects > 1 ? std::size_t{shape.object_size} : std::size_t{abi::frame_size};
    auto const bytes = base::ConstBytes(frame.bytes).subspan(id.index() * size, size);
    if (asked.end > size)
        throw Problem(ExitCode::usage, "usage",
                      fmt::format("{} has {} bytes", Objects::text(id, frame.info.type), size),
                      "name a range within them");
    put(options.range.empty() ? bytes : bytes.subspan(asked.first, asked.end - asked.first));
    return 0;
}

} // namespace tools
