// SPDX-License-Identifier: Apache-2.0
// Strong integers in three families, so that an identifier, a count and an address cannot be mixed up.
//   Identifier: equality and order.   Quantity: arithmetic within the family.   Address: ± an integer offset.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace base {

template <class Tag, std::unsigned_integral Raw = std::uint64_t>
class Identifier {
public:
    using raw_type = Raw;
    constexpr Identifier() = default;
    constexpr explicit Identifier(Raw raw) : raw_(raw) {}
    constexpr Raw raw() const { return raw_; }
    friend constexpr auto operator<=>(Identifier, Identifier) = default;

private:
    Raw raw_ = 0;
};

template <class Tag, std::unsigned_integral Raw = std::uint64_t>
class Quantity {
public:
    using raw_type = Raw;
    constexpr Quantity() = default;
    constexpr explicit Quantity(Raw raw) : raw_(raw) {}
    constexpr Raw raw() const { return raw_; }
    constexpr Quantity& operator+=(Quantity other) {
        return raw_ = static_cast<Raw>(raw_ + other.raw_), *this;
    }
    constexpr Quantity& operator-=(Quantity other) {
        return raw_ = static_cast<Raw>(raw_ - other.raw_), *this;
    }
    constexpr Quantity& operator++() { return ++raw_, *this; }
    constexpr Quantity& operator--() { return --raw_, *this; }
    friend constexpr Quantity operator+(Quantity a, Quantity b) { return a += b; }
    friend constexpr Quantity operator-(Quantity a, Quantity b) { return a -= b; }
    friend constexpr auto operator<=>(Quantity, Quantity) = default;

private:
    Raw raw_ = 0;
};

template <class Tag>
class Address {
public:
    using raw_type = std::uint64_t;
    constexpr Address() = default;
    constexpr explicit Address(std::uint64_t raw) : raw_(raw) {}
    constexpr std::uint64_t raw() const { return raw_; }
    constexpr Address& operator+=(std::uint64_t offset) { return raw_ += offset, *this; }
    friend constexpr Address operator+(Address a, std::uint64_t offset) { return Address(a.raw_ + offset); }
    friend constexpr Address operator-(Address a, std::uint64_t offset) { return Address(a.raw_ - offset); }
    friend constexpr std::uint64_t operator-(Address a, Address b) { return a.raw_ - b.raw_; }
    friend constexpr auto operator<=>(Address, Address) = default;

    // The address with its low `bits` bits cleared; and those low bits.
    constexpr Address aligned_down(unsigned bits) const {
        return Address(raw_ & ~((std::uint64_t{1} << bits) - 1));
    }
    constexpr std::uint64_t offset_in(unsigned bits) const { return raw_ & ((std::uint64_t{1} << bits) - 1); }

private:
    std::uint64_t raw_ = 0;
};

} // namespace base
