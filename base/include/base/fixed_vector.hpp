// SPDX-License-Identifier: Apache-2.0
// A vector over storage of fixed capacity, for freestanding code. push_back on a
// full vector breaks a contract.
#pragma once

#include <base/contract.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace base {

template <class T, std::size_t Capacity>
class FixedVector {
public:
    constexpr std::size_t size() const { return size_; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr bool full() const { return size_ == Capacity; }
    static constexpr std::size_t capacity() { return Capacity; }
    constexpr void clear() { size_ = 0; }
    constexpr void push_back(T const& value) {
        expects(size_ < Capacity);
        items_[size_++] = value;
    }
    constexpr T pop_back() {
        expects(size_ > 0);
        return items_[--size_];
    }
    // Removes an element by moving the last one into its place; order is not kept.
    constexpr void remove_unordered(std::size_t index) {
        expects(index < size_);
        items_[index] = items_[--size_];
    }
    constexpr T& operator[](std::size_t index) {
        expects(index < size_);
        return items_[index];
    }
    constexpr T const& operator[](std::size_t index) const {
        expects(index < size_);
        return items_[index];
    }
    constexpr T* begin() { return items_.data(); }
    constexpr T* end() { return items_.data() + size_; }
    constexpr T const* begin() const { return items_.data(); }
    constexpr T const* end() const { return items_.data() + size_; }
    constexpr std::span<T> span() { return {items_.data(), size_}; }
    constexpr std::span<T const> span() const { return {items_.data(), size_}; }

private:
    std::array<T, Capacity> items_{};
    std::size_t size_ = 0;
};

} // namespace base
