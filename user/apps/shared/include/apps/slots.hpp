// SPDX-License-Identifier: Apache-2.0
// The capability slots that every description gives these programs; further ones are the program's own.
#pragma once

#include <runtime/slot.hpp>

#include <cstdint>

namespace apps {

enum class AppSlot : std::uint64_t {
    console = 1, // entry to the console
    clock = 2,
    log = 3,
};

} // namespace apps
