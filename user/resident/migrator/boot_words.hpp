// SPDX-License-Identifier: Apache-2.0
// What the kernel command line tells the migrator: interval=MS, hold, previous.
// Words of others are passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace migrator {

struct BootWords {
    std::optional<std::uint32_t> interval_ms; // 0: only on request
    bool hold = false;
    bool previous = false;
};

BootWords parse_boot_words(std::string_view command_line);

} // namespace migrator
