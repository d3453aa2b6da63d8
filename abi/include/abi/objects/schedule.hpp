// SPDX-License-Identifier: Apache-2.0
// Schedule: priority, and later budget and processors, of the processes that name it.
#pragma once

#include <abi/objects/object_header.hpp>

#include <cstddef>
#include <cstdint>

namespace abi {

inline constexpr unsigned priority_count = 32;

struct Schedule {
    ObjectHeader header;        // 0
    std::uint32_t priority;     // 8: 0 (runs when nothing else can) .. 31; residents use 24 and above
    std::uint32_t reserved0;    // 12: zero
    std::uint64_t period;       // 16: nanoseconds; reserved, 0 = no budget
    std::uint64_t budget;       // 24: nanoseconds a period; reserved, 0
    std::uint64_t processors;   // 32: processors allowed, one bit each; 0 = all
    std::uint64_t reserved1[3]; // 40: zero

    static constexpr std::size_t capability_offset = 0;
    static constexpr std::size_t capability_count = 0;
};

static_assert(base::WireType<Schedule> && sizeof(Schedule) == 64);
STELE_AT(Schedule, priority, 8);
STELE_AT(Schedule, period, 16);
STELE_AT(Schedule, processors, 32);

} // namespace abi
