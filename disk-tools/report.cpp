// SPDX-License-Identifier: Apache-2.0
// Formatting of output.
#include "report.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace tools {

std::string format_size(std::uint64_t bytes, Units units) {
    static constexpr std::array names = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    if (units == Units::bytes) return std::to_string(bytes);
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < names.size()) value /= 1024, ++unit;
    return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, names[unit]);
}

std::string format_time(std::uint64_t nanoseconds) {
    if (nanoseconds == 0) return "-";
    auto const seconds = static_cast<std::time_t>(nanoseconds / 1'000'000'000);
    std::tm local = {};
    ::localtime_r(&seconds, &local);
    std::array<char, 32> text = {};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
    return fmt::format("{}.{:03}", text.data(), nanoseconds / 1'000'000 % 1000);
}

std::string format_hex(std::uint64_t value) { return fmt::format("{:#x}", value); }

std::string printable(std::string text) {
    for (char& c : text)
        if ((c >= 0 && c < ' ') || c == '\x7f') c = '?';
    return text;
}

void Table::print() const {
    std::vector<std::size_t> widths(rows_.front().size());
    std::vector<bool> left(widths.size());
    for (std::size_t i = 0; i < widths.size(); ++i) left[i] = rows_.front()[i].starts_with('<');
    auto const text_of = [&](std::size_t row, std::size_t column) {
        return row == 0 && left[column] ? rows_[row][column].substr(1) : rows_[row][column];
    };
    for (std::size_t row = 0; row < rows_.size(); ++row)
        for (std::size_t i = 0; i < widths.size(); ++i)
            widths[i] = std::max(widths[i], text_of(row, i).size());
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        std::string line;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            auto const cell = text_of(row, i);
            line += "  " + (left[i] ? fmt::format("{:<{}}", cell, widths[i])
                                    : fmt::format("{:>{}}", cell, widths[i]));
        }
        line.erase(line.find_last_not_of(' ') + 1);
        fmt::print("{}\n", line);
    }
}

// What is no UTF-8, a damaged name say, must not end the tool.
void print_json(nlohmann::ordered_json const& document) {
    fmt::print("{}\n", document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void print_json_error(Problem const& problem) {
    print_json({{"schema", "stele.error/1"},
                {"error", problem.word()},
                {"text", problem.what()},
                {"remedy", problem.remedy()},
                {"exit", static_cast<int>(problem.code())}});
}

} // namespace tools
