// SPDX-License-Identifier: Apache-2.0
// The words of the kernel command line that concern the console: ack, lines=MS.
// Words of others are passed over.
#pragma once

#include <cstdint>
#include <string_view>

namespace console {

struct BootWords {
    bool acknowledge_each = false; // print every commit, not one a second
    std::uint64_t pace_ms = 500;   // of a program's lines
};

BootWords parse_boot_words(std::string_view command_line);

} // namespace console
