// SPDX-License-Identifier: Apache-2.0
// The words of the kernel command line that concern checkpoints.
#include "boot_words.hpp"

#include <charconv>

namespace migrator {

namespace {

// A number that is none, or does not fit, is no word of ours.
template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

// A checkpoint, as `stele history` names it: boot and counter.
std::optional<checkpoint::Generation> generation(std::string_view text) {
    auto const point = text.find('.');
    if (point >= text.size()) return {};
    auto const boot = number<std::uint32_t>({text.data(), point});
    text.remove_prefix(point + 1);
    auto const counter = number<std::uint64_t>(text);
    if (!boot || !counter || *boot >> 22 != 0 || *counter >> 42 != 0) return {};
    return checkpoint::Generation(*boot, *counter);
}

} // namespace

BootWords parse_boot_words(std::string_view command_line) {
    BootWords words;
    constexpr std::string_view interval_word = "interval=";
    constexpr std::string_view at_word = "at=";
    while (!command_line.empty()) {
        auto const end = command_line.find(' ');
        auto word =
            std::string_view(command_line.data(), end < command_line.size() ? end : command_line.size());
        command_line.remove_prefix(end < command_line.size() ? end + 1 : command_line.size());
        if (word == "hold") words.hold = true;
        if (word == "previous") words.previous = true;
        if (word.starts_with(interval_word)) {
            word.remove_prefix(interval_word.size());
            if (auto const value = number<std::uint32_t>(word)) words.interval_ms = value;
        }
        if (word.starts_with(at_word)) {
            word.remove_prefix(at_word.size());
            words.at = generation(word).value_or(checkpoint::Generation());
        }
    }
    return words;
}

} // namespace migrator
