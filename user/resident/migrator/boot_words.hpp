// SPDX-License-Identifier: Apache-2.0
// What the kernel command line tells the migrator: interval=MS, hold, previous, at=BOOT.COUNTER.
// Words of others are passed over.
#pragma once

#include <checkpoint/generation.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace migrator {

struct BootWords {
    std::optional<std::uint32_t> interval_ms; // 0: only on request
    bool hold = false;
    bool previous = false;
    // Goes back to this checkpoint before anything runs. A word that names none is generation 0, which no
    // store has: the newest would be the wrong one to go on from.
    std::optional<checkpoint::Generation> at;
};

BootWords parse_boot_words(std::string_view command_line);

} // namespace migrator
