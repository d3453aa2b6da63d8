// SPDX-License-Identifier: Apache-2.0
// The bank's books: what each frame of its range is, whose it is, and what each account has bought. It knows
// no capability. Every count is kept twice, by the operations and in the frames'
// entries, so that one checks the other.
#pragma once

#include <abi/objects/frame_shape.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace space_bank {

inline constexpr std::size_t frames_max = 4096;
inline constexpr std::size_t account_count = 3; // numbered from 1

struct Account {
    std::uint64_t limit = 0;
    std::uint64_t created = 0;
    std::uint64_t live = 0;
    std::uint64_t freed = 0;
};

// One thing sold: a page (object 0), or an object of a heap frame.
struct Item {
    std::size_t frame = 0; // index in the range
    unsigned object = 0;
};

class Ledger {
public:
    struct Frame {
        std::uint64_t live = 0; // a bit for each object that is sold
        abi::FrameType type = abi::FrameType::free;
        std::uint8_t account = 0; // whose the live objects are
        bool withdrawn = false;   // free, and never handed out again: its versions are used up
    };

    void open(std::size_t number, std::uint64_t limit) { accounts_[number - 1].limit = limit; }
    bool has(std::size_t number) const { return number >= 1 && number <= account_count; }
    Account const& account(std::size_t number) const { return accounts_[number - 1]; }
    bool may_buy(std::size_t number) const { return account(number).live < account(number).limit; }
    Frame const& frame(std::size_t index) const { return frames_[index]; }
    std::size_t frames_known() const { return used_; }

    // A frame to claim. None: the range is used up.
    std::optional<std::size_t> free_frame() const;
    void end_of_range(std::size_t index) { end_ = index < end_ ? index : end_; }
    void withdraw(std::size_t index);

    // A place for an object in a frame that a heap has already. None: a frame must be admitted first.
    std::optional<Item> object_place(std::size_t account, abi::FrameType type) const;
    void admitted(std::size_t index, abi::FrameType type);

    void sold(std::size_t account, Item item, abi::FrameType type);
    void returned(Item item);

    // Whether the accounts' counts agree with one another and with the frames.
    bool consistent() const;
    Account total() const;

private:
    Frame& touch(std::size_t index);

    // The frames last, so that what every operation reads stands in one page.
    std::array<Account, account_count> accounts_{};
    std::size_t used_ = 0;         // frames from here on have never been claimed
    std::size_t end_ = frames_max; // of the range, as far as is known
    std::array<Frame, frames_max> frames_{};
};

} // namespace space_bank
