// SPDX-License-Identifier: Apache-2.0
// Keeps the lines typed on the console in its memory, and nowhere else.
#include <apps/say.hpp>
#include <runtime/program.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

constexpr std::size_t lines_max = 512;
constexpr std::size_t line_bytes_max = 240;

struct Note {
    std::uint64_t size;
    char text[line_bytes_max];
    std::string_view view() const { return {text, size}; }
};

constinit Note notes[lines_max] = {};
constinit std::size_t count = 0;

void keep(std::string_view text) {
    if (count == lines_max) return apps::reply("notepad: full, ", count, " lines");
    auto& note = notes[count];
    note.size = text.size() < line_bytes_max ? text.size() : line_bytes_max;
    for (std::size_t i = 0; i < note.size; ++i) note.text[i] = text[i];
    ++count;
    apps::reply("notepad: ", count, ": ", note.view());
}

void list() {
    for (std::size_t i = 0; i < count; ++i) apps::reply("notepad: ", i + 1, ": ", notes[i].view());
    apps::reply("notepad: end, ", count, " lines");
}

} // namespace

extern "C" int main(std::uint64_t) {
    for (;;) {
        // restarted: the console that held our request is of an earlier boot; ask the new one.
        auto const line = apps::console.read_line();
        if (line.failed()) continue;
        auto const text = line->text.view();
        if (text == "list") list();
        else if (!text.empty()) keep(text);
    }
}
