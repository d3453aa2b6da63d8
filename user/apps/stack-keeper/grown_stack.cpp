// SPDX-License-Identifier: Apache-2.0
// Nodes and pages of the grown stack. Slot 0 of the root is the background, which holds all that the process
// was started with; each other slot is a node of sixteen pages, or empty.
#include "grown_stack.hpp"

#include <abi/objects/process.hpp>
#include <runtime/client/page.hpp>
#include <runtime/client/process.hpp>

namespace stack_keeper {

namespace {

using runtime::Patt;

constexpr runtime::SpaceBank bank{Slot(KeeperSlot::bank)};
constexpr runtime::Process kept{Slot(KeeperSlot::kept)};
constexpr Patt root{Slot(KeeperSlot::root)};
constexpr Patt leaf{Slot(KeeperSlot::leaf)};

constexpr auto address_space = static_cast<std::uint64_t>(abi::ProcessSlot::address_space);
constexpr auto empty = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
constexpr std::uint64_t red_zone_bytes = 128; // below the stack pointer and still the program's

// The leaf for an address that is a multiple of its span, in KeeperSlot::leaf; bought when there is none.
Result<> need_leaf(std::uint64_t base) {
    std::uint64_t free_slot = 0;
    for (std::uint64_t slot = 1; slot < abi::patt_slots; ++slot) {
        auto const pair = TRY(root.fetch(slot, KeeperSlot::leaf));
        if (pair.prefix == base) return {};
        if (pair.prefix == empty) free_slot = slot;
    }
    if (free_slot == 0) return fail(Error::limit_reached);
    TRY(apps::buy_leaf(bank, KeeperSlot::leaf));
    return root.store(free_slot, base, KeeperSlot::leaf);
}

} // namespace

Result<> GrownStack::need_root() {
    TRY(kept.get_slot(address_space, KeeperSlot::root));
    if (has_root_) return {};
    TRY(runtime::copy_capability(KeeperSlot::old_root, KeeperSlot::root));
    TRY(apps::buy_root_over(bank, apps::leaf_bits, KeeperSlot::old_root, KeeperSlot::root));
    TRY(kept.set_slot(address_space, KeeperSlot::root));
    has_root_ = true;
    return {};
}

Result<> GrownStack::grow(std::uint64_t address) {
    TRY(need_root());
    auto const base = address & ~(apps::leaf_span - 1);
    TRY(need_leaf(base));
    TRY(bank.allocate_page(KeeperSlot::page));
    // A stack is never executed.
    TRY(runtime::Page{KeeperSlot::page}.reduce(static_cast<std::uint8_t>(abi::Right::no_execute),
                                               KeeperSlot::page));
    auto const slot = (address - base) / abi::frame_size;
    return leaf.store(slot, slot * abi::frame_size, KeeperSlot::page);
}

Result<std::uint64_t> GrownStack::trim() {
    if (!has_root_) return 0;
    TRY(need_root());
    auto const stack_pointer = TRY(kept.state()).stack_pointer - red_zone_bytes;
    std::uint64_t pages = 0;
    for (std::uint64_t slot = 1; slot < abi::patt_slots; ++slot) {
        auto const pair = TRY(root.fetch(slot, KeeperSlot::leaf));
        if (pair.prefix != empty) pages += TRY(trim_leaf(slot, pair.prefix, stack_pointer));
    }
    return pages;
}

// The leaf is in KeeperSlot::leaf; it goes back, too, when the stack pointer is above all of it.
Result<std::uint64_t> GrownStack::trim_leaf(std::uint64_t slot, std::uint64_t base,
                                            std::uint64_t stack_pointer) {
    std::uint64_t pages = 0;
    for (std::uint64_t i = 0; i < abi::patt_slots; ++i) {
        if (base + (i + 1) * abi::frame_size > stack_pointer) break;
        auto const pair = TRY(leaf.fetch(i, KeeperSlot::page));
        if (pair.prefix == empty) continue;
        TRY(apps::clear_slot(leaf, i));
        TRY(bank.deallocate(KeeperSlot::page));
        ++pages;
    }
    if (base + apps::leaf_span > stack_pointer) return pages;
    TRY(apps::clear_slot(root, slot));
    TRY(bank.deallocate(KeeperSlot::leaf));
    return pages;
}

} // namespace stack_keeper
