// SPDX-License-Identifier: Apache-2.0
// A fixed pool over storage that boot code set aside once (R21): allocation is a
// pop from a free list, or fails.
//   Invariant: every item is either in use or on the free list, never both; count of both = size.
#pragma once

#include <base/contract.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kernel {

inline constexpr std::uint32_t no_index = 0xffff'ffff;

// An item lends the pool a word while it is free.
template <class T>
concept Poolable = requires(T& item) {
    { item.pool_link } -> std::same_as<std::uint32_t&>;
};

template <Poolable T>
class Pool {
public:
    void start(std::span<T> storage) {
        items_ = storage;
        free_ = no_index;
        used_ = 0;
        for (std::size_t i = storage.size(); i-- > 0;) push(static_cast<std::uint32_t>(i));
    }

    // The index of an item, value-initialised; no_index when the pool is empty.
    std::uint32_t allocate() {
        auto const index = free_;
        if (index == no_index) return no_index;
        free_ = items_[index].pool_link;
        items_[index] = T{};
        ++used_;
        return index;
    }

    void release(std::uint32_t index) {
        expects(index < items_.size() && used_ > 0);
        --used_;
        push(index);
    }

    T& operator[](std::uint32_t index) {
        expects(index < items_.size());
        return items_[index];
    }
    T const& operator[](std::uint32_t index) const {
        expects(index < items_.size());
        return items_[index];
    }
    std::size_t size() const { return items_.size(); }
    std::size_t used() const { return used_; }
    bool empty() const { return free_ == no_index; }

private:
    void push(std::uint32_t index) {
        items_[index].pool_link = free_;
        free_ = index;
    }

    std::span<T> items_{};
    std::uint32_t free_ = no_index;
    std::size_t used_ = 0;
};

} // namespace kernel
