// SPDX-License-Identifier: Apache-2.0
// The part of the grower's address space that it makes itself: a root over the one it was started with, one
// node for the window, and a node for every sixteen pages. No capability to a
// page is kept: the nodes hold them.
#pragma once

#include <apps/space.hpp>

#include <cstddef>

namespace grower {

enum class GrowerSlot : std::uint64_t {
    bank = 4,
    process = 5,      // its own, to change the root of its address space
    poor_account = 6, // another account of the bank, with limit 0
    no_account = 7,   // an entry to the bank that names no account
    root = 16,
    window = 17,
    leaf = 18,
    page = 19, // the page last handled
    item = 20,
    copy = 21,
};

inline constexpr runtime::SpaceBank bank{runtime::Slot(GrowerSlot::bank)};

inline constexpr std::uint64_t window_address = 0x50'0000'0000;
inline constexpr std::uint8_t window_bits = 20;
inline constexpr std::size_t pages_of_leaf = abi::patt_slots;
inline constexpr std::size_t pages_max = pages_of_leaf * abi::patt_slots;

class Window {
public:
    // Puts the window into the address space; once.
    runtime::Result<> open();

    // Buys page `index` and maps it, and the node that it needs. Error::limit_reached: the bank refuses one.
    runtime::Result<> buy(std::size_t index);
    runtime::Result<> sell(std::size_t index);
    // Gives the page last sold back once more: what the bank answers.
    abi::Error sell_again() const;
    // The nodes of pages from `pages` on, which have been sold.
    runtime::Result<> sell_leaves_above(std::size_t pages);

    // Bought and not sold.
    std::size_t nodes() const { return nodes_; }

private:
    runtime::Result<> need_leaf(std::size_t leaf);

    std::size_t nodes_ = 0;
    std::size_t leaves_ = 0; // leaf 0 and so on
};

} // namespace grower
