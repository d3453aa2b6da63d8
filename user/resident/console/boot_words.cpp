// SPDX-License-Identifier: Apache-2.0
// Words are separated by blanks.
#include "boot_words.hpp"

#include <charconv>

namespace console {

namespace {

constexpr std::string_view pace_word = "lines=";

std::string_view next_word(std::string_view& text) {
    std::size_t size = 0;
    while (size < text.size() && text[size] != ' ') ++size;
    std::string_view const word(text.data(), size);
    text.remove_prefix(size < text.size() ? size + 1 : size);
    return word;
}

} // namespace

BootWords parse_boot_words(std::string_view command_line) {
    BootWords words;
    while (!command_line.empty()) {
        auto word = next_word(command_line);
        if (word == "ack") words.acknowledge_each = true;
        if (!word.starts_with(pace_word)) continue;
        word.remove_prefix(pace_word.size());
        std::uint64_t value = 0;
        auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (error == std::errc{} && end == word.data() + word.size()) words.pace_ms = value;
    }
    return words;
}

} // namespace console
