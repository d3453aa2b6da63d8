// SPDX-License-Identifier: Apache-2.0
// Bit fields by name (Field<Hi, Lo>) and sets of flags, instead of the compiler's
// bit-fields whose layout is not ours.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace base {

// Bits Hi..Lo (both included) of a 64-bit word.
template <unsigned Hi, unsigned Lo>
    requires(Hi >= Lo && Hi < 64)
struct Field {
    static constexpr unsigned width = Hi - Lo + 1;
    static constexpr std::uint64_t maximum =
        width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
    static constexpr std::uint64_t mask = maximum << Lo;

    static constexpr std::uint64_t get(std::uint64_t word) { return (word >> Lo) & maximum; }
    // `word` with the field replaced; bits of `value` above the field's width are dropped.
    static constexpr std::uint64_t set(std::uint64_t word, std::uint64_t value) {
        return (word & ~mask) | ((value & maximum) << Lo);
    }
    static constexpr std::uint64_t make(std::uint64_t value) { return (value & maximum) << Lo; }
};

// A set of flags; Enum's enumerators are single bits.
template <class Enum>
    requires std::is_enum_v<Enum>
class Flags {
public:
    using raw_type = std::underlying_type_t<Enum>;
    constexpr Flags() = default;
    constexpr Flags(Enum flag) : raw_(static_cast<raw_type>(flag)) {}
    static constexpr Flags from_raw(raw_type raw) {
        Flags flags;
        flags.raw_ = raw;
        return flags;
    }
    constexpr raw_type raw() const { return raw_; }
    constexpr bool has(Flags other) const { return (raw_ & other.raw_) == other.raw_; }
    constexpr bool any(Flags other) const { return (raw_ & other.raw_) != 0; }
    constexpr bool empty() const { return raw_ == 0; }
    constexpr Flags without(Flags other) const { return from_raw(static_cast<raw_type>(raw_ & ~other.raw_)); }
    constexpr Flags& operator|=(Flags other) {
        return raw_ = static_cast<raw_type>(raw_ | other.raw_), *this;
    }
    friend constexpr Flags operator|(Flags a, Flags b) { return a |= b; }
    friend constexpr Flags operator&(Flags a, Flags b) {
        return from_raw(static_cast<raw_type>(a.raw_ & b.raw_));
    }
    friend constexpr bool operator==(Flags, Flags) = default;

private:
    raw_type raw_ = 0;
};

} // namespace base
