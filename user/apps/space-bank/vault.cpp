// SPDX-License-Identifier: Apache-2.0
// Claims and look-ups. The kernel is asked what a capability is; its holder's word is not taken.
#include "vault.hpp"

#include <abi/capability_types.hpp>
#include <runtime/client/heap.hpp>
#include <runtime/client/page.hpp>

namespace space_bank {

// Tries frames until one can be claimed. The range's length shows when an index lies outside.
template <class Claim>
Result<std::size_t> Vault::claim_frame(Claim claim) {
    while (auto const index = ledger_.free_frame()) {
        auto const claimed = claim(*index);
        if (!claimed.failed()) return *index;
        if (claimed.error == Error::bad_argument) ledger_.end_of_range(*index);
        else if (claimed.error == Error::retired) ledger_.withdraw(*index);
        // Typed, but free in the books.
        else return fail(claimed.error == Error::in_use ? Error::corrupt : claimed.error);
    }
    return fail(Error::limit_reached);
}

Result<std::size_t> Vault::claim_page(Slot into) {
    auto const index = TRY(claim_frame([&](std::size_t frame) { return range_.claim(frame, into); }));
    auto const identity = TRY(runtime::Page{into}.identify());
    first_number_ = identity.frame - index;
    return index;
}

Result<Item> Vault::take_page() { return Item{TRY(claim_page(BankSlot::item)), 0}; }

Result<Item> Vault::take_capability_page() {
    for (std::size_t place = 0; place < capability_pages_.size(); ++place) {
        if (capability_pages_[place] != no_frame) continue;
        auto const index = TRY(claim_frame(
            [&](std::size_t frame) { return range_.claim_capability_page(frame, BankSlot::item); }));
        TRY(runtime::copy_capability(capability_page_slot(place), BankSlot::item));
        capability_pages_[place] = static_cast<std::uint32_t>(index);
        return Item{index, 0};
    }
    return fail(Error::limit_reached);
}

Result<Item> Vault::take_object(std::size_t account, abi::FrameType type) {
    runtime::Heap const heap{heap_slot(type)};
    auto place = ledger_.object_place(account, type);
    if (!place) {
        auto const index = TRY(claim_page(BankSlot::item));
        auto const admitted = heap.admit(BankSlot::item);
        if (admitted.failed()) {
            TRY(range_.rescind(BankSlot::item));
            return fail(admitted.error);
        }
        ledger_.admitted(index, type);
        place = Item{index, 0};
    }
    TRY(heap.object(frame_number(place->frame), static_cast<std::uint8_t>(place->object), BankSlot::item));
    return *place;
}

Result<Item> Vault::find(std::size_t account, Slot capability) const {
    auto const type = static_cast<abi::CapabilityType>(TRY(discrim_.classify(capability)).type);
    auto const frame_type = abi::row_of(type).frame_type;
    if (type == abi::CapabilityType::entry || type == abi::CapabilityType::restart)
        return fail(Error::no_such_object); // lesser authority over an object
    Result<Item> found = fail(Error::no_such_object);
    if (frame_type == abi::FrameType::data_page) found = find_page(capability);
    else if (frame_type == abi::FrameType::capability_page) found = find_capability_page(capability);
    else if (abi::is_heap_frame(frame_type)) found = find_object(account, frame_type, capability);
    if (found.failed()) return found;
    auto const& frame = ledger_.frame(found->frame);
    bool const live = ((frame.live >> found->object) & 1) != 0;
    // The kernel calls it alive.
    if (!live || frame.type != frame_type) return fail(Error::corrupt);
    if (frame.account != account) return fail(Error::no_such_object);
    return found;
}

Result<Item> Vault::find_page(Slot capability) const {
    auto const frame = TRY(runtime::Page{capability}.identify()).frame;
    if (frame < first_number_ || frame - first_number_ >= ledger_.frames_known())
        return fail(Error::no_such_object);
    return Item{frame - first_number_, 0};
}

Result<Item> Vault::find_capability_page(Slot capability) const {
    for (std::size_t place = 0; place < capability_pages_.size(); ++place) {
        if (capability_pages_[place] == no_frame) continue;
        if (TRY(discrim_.compare(capability_page_slot(place), capability)).equal)
            return Item{capability_pages_[place], 0};
    }
    return fail(Error::no_such_object);
}

// The heap makes a capability to any of its objects, so each live one of the account's is compared.
Result<Item> Vault::find_object(std::size_t account, abi::FrameType type, Slot capability) const {
    runtime::Heap const heap{heap_slot(type)};
    for (std::size_t index = 0; index < ledger_.frames_known(); ++index) {
        auto const& frame = ledger_.frame(index);
        if (frame.type != type || frame.account != account) continue;
        for (unsigned object = 0; object < abi::shape_of(type).objects; ++object) {
            if (((frame.live >> object) & 1) == 0) continue;
            TRY(heap.object(frame_number(index), static_cast<std::uint8_t>(object), BankSlot::candidate));
            if (TRY(discrim_.compare(BankSlot::candidate, capability)).equal) return Item{index, object};
        }
    }
    return fail(Error::no_such_object);
}

Result<> Vault::destroy(Item item, Slot capability) {
    auto const type = ledger_.frame(item.frame).type;
    if (abi::is_heap_frame(type)) return runtime::Heap{heap_slot(type)}.destroy(capability);
    TRY(range_.rescind(capability));
    for (auto& frame : capability_pages_)
        if (frame == item.frame) frame = no_frame;
    return {};
}

} // namespace space_bank
