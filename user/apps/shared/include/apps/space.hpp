// SPDX-License-Identifier: Apache-2.0
// Address space bought from the space bank: nodes of sixteen pages, and roots that
// leave an older space where it is.
#pragma once

#include <abi/objects/patt.hpp>
#include <runtime/client/patt.hpp>
#include <runtime/client/space_bank.hpp>

#include <cstdint>

namespace apps {

using runtime::Error;
using runtime::Result;
using runtime::Slot;

inline constexpr std::uint8_t leaf_bits = 16; // log2 of what a node of sixteen pages spans
inline constexpr std::uint64_t leaf_span = std::uint64_t{1} << leaf_bits;
inline constexpr std::uint8_t space_bits = 47;

// An empty node.
inline Result<> buy_node(runtime::SpaceBank bank, std::uint8_t size, std::uint8_t residual, Slot into) {
    TRY(bank.allocate_object(static_cast<std::uint8_t>(abi::FrameType::patt), into));
    return runtime::Patt{into}.set_shape(size, residual);
}

inline Result<> buy_leaf(runtime::SpaceBank bank, Slot into) {
    return buy_node(bank, leaf_bits, abi::frame_bits, into);
}

// A root whose slots span 2^residual bytes each, fifteen of them free. Slot 0 is the background: whatever no
// other slot answers for is as it was in `old_root`.
inline Result<> buy_root_over(runtime::SpaceBank bank, std::uint8_t residual, Slot old_root, Slot into) {
    TRY(buy_node(bank, space_bits, residual, into));
    return runtime::Patt{into}.store(0, static_cast<std::uint64_t>(abi::PattPrefix::background), old_root);
}

inline Result<> clear_slot(runtime::Patt node, std::uint64_t slot) {
    return node.store(slot, static_cast<std::uint64_t>(abi::PattPrefix::invalid), Slot());
}

} // namespace apps
