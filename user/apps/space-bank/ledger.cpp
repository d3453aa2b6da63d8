// SPDX-License-Identifier: Apache-2.0
// Entries of frames and accounts.
#include "ledger.hpp"

#include <base/contract.hpp>

namespace space_bank {

namespace {

constexpr std::uint64_t bit(unsigned object) { return std::uint64_t{1} << object; }

unsigned count_bits(std::uint64_t bits) {
    unsigned count = 0;
    for (; bits != 0; bits &= bits - 1) ++count;
    return count;
}

} // namespace

Ledger::Frame& Ledger::touch(std::size_t index) {
    expects(index < frames_max);
    if (index >= used_) used_ = index + 1;
    return frames_[index];
}

std::optional<std::size_t> Ledger::free_frame() const {
    for (std::size_t i = 0; i < end_; ++i)
        if (frames_[i].type == abi::FrameType::free && !frames_[i].withdrawn) return i;
    return {};
}

void Ledger::withdraw(std::size_t index) { touch(index).withdrawn = true; }

std::optional<Item> Ledger::object_place(std::size_t account, abi::FrameType type) const {
    auto const objects = abi::shape_of(type).objects;
    for (std::size_t i = 0; i < used_; ++i) {
        auto const& frame = frames_[i];
        // A frame with objects of two accounts would have to say whose each is.
        if (frame.type != type || (frame.live != 0 && frame.account != account)) continue;
        for (unsigned object = 0; object < objects; ++object)
            if ((frame.live & bit(object)) == 0) return Item{i, object};
    }
    return {};
}

void Ledger::admitted(std::size_t index, abi::FrameType type) {
    auto& frame = touch(index);
    expects(frame.type == abi::FrameType::free);
    frame.type = type;
}

void Ledger::sold(std::size_t account, Item item, abi::FrameType type) {
    auto& frame = touch(item.frame);
    expects((frame.live & bit(item.object)) == 0);
    frame.type = type;
    frame.account = static_cast<std::uint8_t>(account);
    frame.live |= bit(item.object);
    auto& books = accounts_[account - 1];
    ++books.created;
    ++books.live;
}

void Ledger::returned(Item item) {
    auto& frame = touch(item.frame);
    expects((frame.live & bit(item.object)) != 0);
    frame.live &= ~bit(item.object);
    if (!abi::is_heap_frame(frame.type)) frame.type = abi::FrameType::free;
    auto& books = accounts_[frame.account - 1u];
    --books.live;
    ++books.freed;
}

bool Ledger::consistent() const {
    std::array<std::uint64_t, account_count> live{};
    for (std::size_t i = 0; i < used_; ++i)
        if (frames_[i].live != 0) live[frames_[i].account - 1u] += count_bits(frames_[i].live);
    for (std::size_t i = 0; i < account_count; ++i) {
        auto const& books = accounts_[i];
        if (books.live != live[i] || books.created != books.live + books.freed || books.live > books.limit)
            return false;
    }
    return true;
}

Account Ledger::total() const {
    Account sum;
    for (auto const& books : accounts_) {
        sum.limit += books.limit;
        sum.created += books.created;
        sum.live += books.live;
        sum.freed += books.freed;
    }
    return sum;
}

} // namespace space_bank
