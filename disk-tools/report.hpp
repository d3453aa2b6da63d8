// SPDX-License-Identifier: Apache-2.0
// Output: sizes, times and tables for people, one JSON document for programs.
#pragma once

#include "options.hpp"
#include "problem.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tools {

// "4.0 GiB", or the plain number of bytes.
std::string format_size(std::uint64_t bytes, Units units);
// Local time "2026-11-23 17:05:29.114" of nanoseconds since 1970; "-" when unknown (0).
std::string format_time(std::uint64_t nanoseconds);
std::string format_hex(std::uint64_t value);
// Text out of a store, which may be anybody's: control characters become '?',
// so that none reaches a terminal.
std::string printable(std::string text);

// Right-aligned unless the heading begins with '<'; two spaces between columns; no trailing blanks.
class Table {
public:
    explicit Table(std::vector<std::string> headings) : rows_{std::move(headings)} {}
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    void print() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

// The whole document on standard output, compact, with a line end.
void print_json(nlohmann::ordered_json const& document);
void print_json_error(Problem const& problem);

} // namespace tools
