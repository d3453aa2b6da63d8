// SPDX-License-Identifier: Apache-2.0
// From entries of the ledger to capabilities and back: claims frames, admits them to heaps, finds out what a
// capability that is given back stands for. Error::corrupt: kernel and ledger disagree about a frame.
#pragma once

#include "ledger.hpp"
#include "slots.hpp"

#include <runtime/client/discrim.hpp>
#include <runtime/client/frame_range.hpp>

#include <array>

namespace space_bank {

using abi::Error;
using runtime::fail;
using runtime::Result;
using runtime::Slot;

class Vault {
public:
    explicit constexpr Vault(Ledger& ledger) : ledger_(ledger) {}

    // Each leaves the capability in BankSlot::item and the ledger as it was; the caller enters the sale.
    Result<Item> take_page();
    Result<Item> take_capability_page();
    Result<Item> take_object(std::size_t account, abi::FrameType type);

    // What of this account's the capability is. Error::no_such_object: nothing.
    Result<Item> find(std::size_t account, Slot capability) const;
    // Makes every capability to it void; the caller enters the return.
    Result<> destroy(Item item, Slot capability);

private:
    template <class Claim>
    Result<std::size_t> claim_frame(Claim claim);
    Result<std::size_t> claim_page(Slot into);
    Result<Item> find_page(Slot capability) const;
    Result<Item> find_capability_page(Slot capability) const;
    Result<Item> find_object(std::size_t account, abi::FrameType type, Slot capability) const;
    std::uint64_t frame_number(std::size_t index) const { return first_number_ + index; }

    static constexpr runtime::FrameRange range_{Slot(BankSlot::range)};
    static constexpr runtime::Discrim discrim_{Slot(BankSlot::discrim)};
    static constexpr std::uint32_t no_frame = UINT32_MAX;

    Ledger& ledger_;
    std::uint64_t first_number_ = 0; // of the range's first frame; known when a page has been claimed
    std::array<std::uint32_t, capability_pages_max> capability_pages_ = [] {
        std::array<std::uint32_t, capability_pages_max> frames{};
        frames.fill(no_frame);
        return frames;
    }();
};

} // namespace space_bank
