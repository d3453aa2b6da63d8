// SPDX-License-Identifier: Apache-2.0
// The serial line as a person sees it: lines of output above, the prompt and what is being typed below.
//   [generation 7 survives] notepad> typed so far
// A line of output wipes the prompt line, prints itself and draws the prompt again. No
// other control sequence is sent.
#pragma once

#include "line_editor.hpp"
#include "serial.hpp"

#include <base/format.hpp>

namespace console {

class Screen {
public:
    Screen(Serial& serial, LineEditor const& editor) : serial_(serial), editor_(editor) {}

    template <class... Parts>
    void line(Parts const&... parts) {
        base::TextBuffer<line_bytes_max> text;
        base::print(text, parts...);
        output(text.view());
    }
    // A program's line: bytes that do not print become '?', so that no program moves the cursor.
    void output(std::string_view text);
    // Draws or takes away the prompt. It tells the newest generation that was
    // known to survive when it was drawn.
    void show_prompt(std::uint64_t generation);
    void hide_prompt();
    // What typing does to the line.
    void echo(Typed typed);

private:
    static constexpr std::size_t line_bytes_max = 512;

    void draw_prompt();
    bool line_in_use() const { return prompt_ || !editor_.pending().empty(); }

    Serial& serial_;
    LineEditor const& editor_;
    bool prompt_ = false;
    std::uint64_t generation_ = 0;
};

} // namespace console
