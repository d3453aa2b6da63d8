// SPDX-License-Identifier: Apache-2.0
// The line discipline: bytes as they are typed into lines. Pure logic; what is to be echoed is told to the
// caller. Invariant: size() <= typed_max; the text holds printing bytes only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace console {

inline constexpr std::size_t typed_max = 240;

enum class Typed : std::uint8_t {
    nothing,    // the byte changes nothing
    character,  // appended: echo it
    erased,     // the last character is gone
    line,       // Enter: line() is complete until the next byte
    checkpoint, // Ctrl-P: a checkpoint, at once
    status,     // Ctrl-T: the committed line, at once
    counters,   // Ctrl-B: the migrator's counts, for benchmarks
    off,        // Ctrl-O: a checkpoint, then off
};

class LineEditor {
public:
    Typed type(std::uint8_t byte) {
        if (complete_) size_ = 0, complete_ = false;
        bool const second_of_pair = byte == '\n' && after_return_;
        after_return_ = byte == '\r';
        if (byte == '\r' || byte == '\n') {
            if (second_of_pair) return Typed::nothing;
            complete_ = true;
            return Typed::line;
        }
        if (byte == control_p) return Typed::checkpoint;
        if (byte == control_t) return Typed::status;
        if (byte == control_b) return Typed::counters;
        if (byte == control_o) return Typed::off;
        if (byte == backspace || byte == erase) {
            if (size_ == 0) return Typed::nothing;
            --size_;
            return Typed::erased;
        }
        if (byte < ' ' || byte > '~' || size_ == typed_max) return Typed::nothing;
        text_[size_++] = static_cast<char>(byte);
        return Typed::character;
    }

    std::string_view line() const { return {text_, size_}; }
    // What has been typed of the line that is not complete yet.
    std::string_view pending() const { return complete_ ? std::string_view() : line(); }

private:
    static constexpr std::uint8_t control_b = 0x02;
    static constexpr std::uint8_t backspace = 0x08;
    static constexpr std::uint8_t control_o = 0x0f;
    static constexpr std::uint8_t control_p = 0x10;
    static constexpr std::uint8_t control_t = 0x14;
    static constexpr std::uint8_t erase = 0x7f;

    char text_[typed_max] = {};
    std::size_t size_ = 0;
    bool complete_ = false;
    bool after_return_ = false;
};

} // namespace console
