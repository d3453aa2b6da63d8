// SPDX-License-Identifier: Apache-2.0
// The bank's capability slots. A heap that the description leaves out is a type that the bank does not sell.
#pragma once

#include <abi/frame.hpp>
#include <runtime/slot.hpp>

#include <cstdint>

namespace space_bank {

enum class BankSlot : std::uint64_t {
    range = 4,
    discrim = 5,
    heaps = 6,     // 6 to 10: heaps of PATTs, processes, endpoints, schedules, heaps
    requests = 16, // 16 to 19: what comes with a request
    item = 20,     // what is sold
    candidate = 21,
    // 64 to 127: a copy of each that is live, since they have no operation that names them.
    capability_pages = 64,
};
inline constexpr std::size_t capability_pages_max = 64;

inline runtime::Slot heap_slot(abi::FrameType type) {
    auto const index = static_cast<std::uint64_t>(type) - static_cast<std::uint64_t>(abi::FrameType::patt);
    return runtime::Slot(static_cast<std::uint64_t>(BankSlot::heaps) + index);
}

inline runtime::Slot capability_page_slot(std::size_t place) {
    return runtime::Slot(static_cast<std::uint64_t>(BankSlot::capability_pages) + place);
}

} // namespace space_bank
