// SPDX-License-Identifier: Apache-2.0
// Every change of the screen is composed first and sent in one piece.
#include "screen.hpp"

namespace console {

namespace {

constexpr std::string_view wipe = "\r\x1b[K";

} // namespace

void Screen::output(std::string_view text) {
    base::TextBuffer<2 * line_bytes_max> out;
    if (line_in_use()) base::print(out, wipe);
    for (char const c : text) out.put(c < ' ' || c > '~' ? '?' : c);
    base::print(out, "\r\n");
    serial_.write(out.view());
    if (line_in_use()) draw_prompt();
}

void Screen::show_prompt(std::uint64_t generation) {
    bool const drawn = prompt_ && generation == generation_;
    generation_ = generation;
    if (drawn) return;
    if (line_in_use()) serial_.write(wipe);
    prompt_ = true;
    draw_prompt();
}

void Screen::hide_prompt() { prompt_ = false; }

void Screen::draw_prompt() {
    base::TextBuffer<line_bytes_max> out;
    if (prompt_) base::print(out, "[generation ", generation_, " survives] notepad> ");
    base::print(out, editor_.pending());
    serial_.write(out.view());
}

void Screen::echo(Typed typed) {
    if (typed == Typed::character) serial_.write({&editor_.line().back(), 1});
    if (typed == Typed::erased) {
        serial_.write(wipe);
        draw_prompt();
    }
    if (typed == Typed::line) serial_.write("\r\n");
}

} // namespace console
