// SPDX-License-Identifier: Apache-2.0
// The words of the kernel command line that concern checkpoints.
#include "boot_words.hpp"

#include <charconv>

namespace migrator {

namespace {

// A number that is none, or does not fit, is no word of ours.
std::optional<std::uint32_t> interval(std::string_view text) {
    std::uint32_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

} // namespace

BootWords parse_boot_words(std::string_view command_line) {
    BootWords words;
    constexpr std::string_view interval_word = "interval=";
    while (!command_line.empty()) {
        auto const end = command_line.find(' ');
        auto word =
            std::string_view(command_line.data(), end < command_line.size() ? end : command_line.size());
        command_line.remove_prefix(end < command_line.size() ? end + 1 : command_line.size());
        if (word == "hold") words.hold = true;
        if (word == "previous") words.previous = true;
        if (word.starts_with(interval_word)) {
            word.remove_prefix(interval_word.size());
            if (auto const value = interval(word)) words.interval_ms = value;
        }
    }
    return words;
}

} // namespace migrator
