// SPDX-License-Identifier: Apache-2.0
// Nodes and pages of the window.
#include "window.hpp"

#include <abi/objects/process.hpp>
#include <runtime/client/process.hpp>

namespace grower {

namespace {

using runtime::Error;
using runtime::fail;
using runtime::Patt;
using runtime::Result;
using runtime::Slot;

constexpr auto address_space = static_cast<std::uint64_t>(abi::ProcessSlot::address_space);

std::uint64_t page_slot(std::size_t index) { return index % pages_of_leaf; }

} // namespace

Result<> Window::open() {
    runtime::Process const self{Slot(GrowerSlot::process)};
    // The old root passes through the slot that is the window's later.
    TRY(self.get_slot(address_space, GrowerSlot::window));
    TRY(apps::buy_root_over(bank, window_bits, GrowerSlot::window, GrowerSlot::root));
    TRY(apps::buy_node(bank, window_bits, apps::leaf_bits, GrowerSlot::window));
    nodes_ = 2;
    TRY(Patt{GrowerSlot::root}.store(1, window_address, GrowerSlot::window));
    return self.set_slot(address_space, GrowerSlot::root);
}

Result<> Window::need_leaf(std::size_t leaf) {
    if (leaf < leaves_) {
        TRY(Patt{GrowerSlot::window}.fetch(leaf, GrowerSlot::leaf));
        return {};
    }
    TRY(apps::buy_leaf(bank, GrowerSlot::leaf));
    ++nodes_;
    ++leaves_;
    return Patt{GrowerSlot::window}.store(leaf, leaf * apps::leaf_span, GrowerSlot::leaf);
}

Result<> Window::buy(std::size_t index) {
    TRY(need_leaf(index / pages_of_leaf));
    TRY(bank.allocate_page(GrowerSlot::page));
    auto const slot = page_slot(index);
    return Patt{GrowerSlot::leaf}.store(slot, slot * abi::frame_size, GrowerSlot::page);
}

Result<> Window::sell(std::size_t index) {
    TRY(Patt{GrowerSlot::window}.fetch(index / pages_of_leaf, GrowerSlot::leaf));
    Patt const leaf{GrowerSlot::leaf};
    TRY(leaf.fetch(page_slot(index), GrowerSlot::page));
    TRY(apps::clear_slot(leaf, page_slot(index)));
    return bank.deallocate(GrowerSlot::page);
}

Error Window::sell_again() const { return bank.deallocate(GrowerSlot::page).error; }

Result<> Window::sell_leaves_above(std::size_t pages) {
    for (; leaves_ * pages_of_leaf >= pages + pages_of_leaf; --leaves_, --nodes_) {
        TRY(Patt{GrowerSlot::window}.fetch(leaves_ - 1, GrowerSlot::leaf));
        // Every second one is given back as it is mapped: a node that ends must
        // shut its addresses off by itself.
        if (leaves_ % 2 == 0) TRY(apps::clear_slot(Patt{GrowerSlot::window}, leaves_ - 1));
        TRY(bank.deallocate(GrowerSlot::leaf));
    }
    return {};
}

} // namespace grower
