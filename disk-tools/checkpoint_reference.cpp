// SPDX-License-Identifier: Apache-2.0
// Each way to name a checkpoint is told by its form.
#include "checkpoint_reference.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace tools {
namespace {

std::optional<std::int64_t> parse_number(std::string const& text) {
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return number;
}

// The fraction of a second behind a point, up to nanoseconds.
std::optional<std::uint64_t> parse_fraction(std::string_view text) {
    std::uint64_t value = 0, unit = 1'000'000'000;
    for (char const c : text) {
        if (c < '0' || c > '9' || unit == 1) return {};
        unit /= 10;
        value += static_cast<std::uint64_t>(c - '0') * unit;
    }
    return value;
}

} // namespace

std::optional<std::uint64_t> parse_time(std::string const& text) {
    for (char const* form : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"}) {
        std::tm local = {};
        local.tm_isdst = -1;
        auto const* rest = ::strptime(text.c_str(), form, &local);
        if (rest == nullptr) continue;
        std::uint64_t fraction = 0;
        if (*rest == '.' && std::string_view(form).ends_with("%S")) {
            auto const parsed = parse_fraction(rest + 1);
            if (!parsed) continue;
            fraction = *parsed;
        } else if (*rest != '\0') {
            continue;
        }
        auto const seconds = std::mktime(&local);
        if (seconds < 0) return {};
        return static_cast<std::uint64_t>(seconds) * 1'000'000'000 + fraction;
    }
    return {};
}

checkpoint::CheckpointInfo const* find_checkpoint(std::span<checkpoint::CheckpointInfo const> history,
                                                  std::string const& text) {
    auto const first = [&](auto matches) {
        auto const at = std::ranges::find_if(history, matches);
        return at == history.end() ? nullptr : &*at;
    };
    if (text == "latest") return history.empty() ? nullptr : &history.front();
    if (auto const number = parse_number(text)) {
        if (*number > 0)
            return first([&](auto const& info) {
                return info.generation.counter() == static_cast<std::uint64_t>(*number);
            });
        auto const back = static_cast<std::uint64_t>(-*number);
        return back < history.size() ? &history[back] : nullptr;
    }
    if (auto const time = parse_time(text))
        return first([&](auto const& info) { return info.record.time_ns <= *time; });
    return first([&](auto const& info) { return info.pinned && info.pin_name() == text; });
}

bool is_taken_for_another_reference(std::string const& name) {
    return name == "latest" || name.starts_with('-') || parse_number(name) || parse_time(name);
}

} // namespace tools
