// SPDX-License-Identifier: Apache-2.0
// A vector over storage of fixed capacity, for freestanding code. push_back on a
// full vector breaks a contract. No item is made before it is pushed: a vector on the stack costs what it
// holds.
#pragma once

#include <base/contract.hpp>

#include <array>
#include <cstddef>
#include <new>
#include <span>
#include <type_traits>

namespace base {

template <class T, std::size_t Capacity>
    requires std::is_trivially_copyable_v<T>
class FixedVector {
public:
    // A constant has no byte without a value.
    constexpr FixedVector() {
        if (std::is_constant_evaluated()) storage_.fill(std::byte{0});
    }

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    bool full() const { return size_ == Capacity; }
    static constexpr std::size_t capacity() { return Capacity; }
    void clear() { size_ = 0; }
    void push_back(T const& value) {
        expects(size_ < Capacity);
        new (items() + size_) T(value);
        ++size_;
    }
    T pop_back() {
        expects(size_ > 0);
        return items()[--size_];
    }
    // Removes an element by moving the last one into its place; order is not kept.
    void remove_unordered(std::size_t index) {
        expects(index < size_);
        items()[index] = items()[--size_];
    }
    T& operator[](std::size_t index) {
        expects(index < size_);
        return items()[index];
    }
    T const& operator[](std::size_t index) const {
        expects(index < size_);
        return items()[index];
    }
    T* begin() { return items(); }
    T* end() { return items() + size_; }
    T const* begin() const { return items(); }
    T const* end() const { return items() + size_; }
    std::span<T> span() { return {items(), size_}; }
    std::span<T const> span() const { return {items(), size_}; }

private:
    T* items() { return static_cast<T*>(static_cast<void*>(storage_.data())); }
    T const* items() const { return static_cast<T const*>(static_cast<void const*>(storage_.data())); }

    alignas(T) std::array<std::byte, Capacity * sizeof(T)> storage_;
    std::size_t size_ = 0;
};

} // namespace base
