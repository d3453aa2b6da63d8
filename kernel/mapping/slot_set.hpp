// SPDX-License-Identifier: Apache-2.0
// A set of slots of one page table, walked at the cost of its members.
//   Invariant: bit w of used_ <=> words_[w] != 0.
#pragma once

#include <arch/page_entry.hpp>

#include <array>
#include <bit>
#include <cstdint>

namespace kernel {

class SlotSet {
public:
    bool empty() const { return used_ == 0; }
    bool has(unsigned slot) const { return (words_[slot / 64] & bit(slot)) != 0; }
    void insert(unsigned slot) {
        words_[slot / 64] |= bit(slot);
        used_ = static_cast<std::uint8_t>(used_ | 1u << slot / 64);
    }
    void remove(unsigned slot) {
        auto& word = words_[slot / 64];
        word &= ~bit(slot);
        if (word == 0) used_ = static_cast<std::uint8_t>(used_ & ~(1u << slot / 64));
    }
    // visit(slot) in rising order; visit may remove slots.
    template <class Visit>
    void for_each(Visit visit) const {
        for (unsigned used = used_; used != 0; used &= used - 1) {
            auto const word = static_cast<unsigned>(std::countr_zero(used));
            for (auto bits = words_[word]; bits != 0; bits &= bits - 1)
                visit(word * 64 + static_cast<unsigned>(std::countr_zero(bits)));
        }
    }

private:
    static constexpr std::uint64_t bit(unsigned slot) { return std::uint64_t{1} << (slot % 64); }

    std::array<std::uint64_t, page_table_entries / 64> words_{};
    std::uint8_t used_ = 0;
};

} // namespace kernel
