// SPDX-License-Identifier: Apache-2.0
// The words of the command line that the kernel itself obeys: `amnesia=N` and `hold`.
// The rest is for the residents.
#pragma once

#include <cstdint>
#include <string_view>

namespace kernel {

struct BootOptions {
    std::uint32_t amnesia_interval = 0;
};

// Unknown words are ignored; a number that does not parse counts as absent.
constexpr BootOptions parse_options(std::string_view line) {
    BootOptions options;
    while (!line.empty()) {
        std::size_t length = 0;
        while (length < line.size() && line[length] != ' ') ++length;
        auto const word = std::string_view(line.data(), length);
        line.remove_prefix(length < line.size() ? length + 1 : length);
        constexpr std::string_view amnesia = "amnesia=";
        if (!word.starts_with(amnesia) || word.size() == amnesia.size() || word.size() > amnesia.size() + 9)
            continue;
        std::uint32_t number = 0;
        bool digits_only = true;
        for (char const c : std::string_view(word.data() + amnesia.size(), word.size() - amnesia.size())) {
            digits_only = digits_only && c >= '0' && c <= '9';
            number = number * 10 + static_cast<std::uint32_t>(c - '0');
        }
        if (digits_only) options.amnesia_interval = number;
    }
    return options;
}

static_assert(parse_options("interval=5 amnesia=100 hold").amnesia_interval == 100);
static_assert(parse_options("amnesia=1x").amnesia_interval == 0);

} // namespace kernel
