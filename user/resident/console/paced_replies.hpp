// SPDX-License-Identifier: Apache-2.0
// Replies to print calls that are held back, each until its time: whoever prints waits, so nobody floods the
// line. Every caller waits for its own reply only, so a program cannot have two of them here.
#pragma once

#include <runtime/slot.hpp>

#include <array>
#include <cstdint>
#include <optional>

namespace console {

class PacedReplies {
public:
    // Slots from `first` on hold reply entries.
    explicit PacedReplies(runtime::Slot first) : first_(first) {}

    // A free slot for a reply due at this time; none = all are taken, answer at once.
    std::optional<runtime::Slot> hold(std::uint64_t due) {
        for (std::size_t i = 0; i < due_.size(); ++i) {
            if (due_[i] != free_place) continue;
            due_[i] = due;
            return slot(i);
        }
        return {};
    }
    // The slot of one reply that is due; its place is free from now on.
    std::optional<runtime::Slot> take_due(std::uint64_t now) {
        for (std::size_t i = 0; i < due_.size(); ++i) {
            if (due_[i] > now) continue;
            due_[i] = free_place;
            return slot(i);
        }
        return {};
    }
    // When the next one is due; never = none is held.
    std::uint64_t next_due() const {
        std::uint64_t next = free_place;
        for (auto const due : due_) next = due < next ? due : next;
        return next;
    }

    static constexpr std::uint64_t never = ~std::uint64_t{0};

private:
    static constexpr std::uint64_t free_place = never;
    runtime::Slot slot(std::size_t index) const { return runtime::Slot(first_.number + index); }

    runtime::Slot first_;
    std::array<std::uint64_t, 32> due_ = [] {
        std::array<std::uint64_t, 32> places{};
        places.fill(free_place);
        return places;
    }();
};

} // namespace console
