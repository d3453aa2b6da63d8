// SPDX-License-Identifier: Apache-2.0
// Generations (R24): boot number and counter. None is ever used twice, whatever was torn or rolled back.
#pragma once

#include <base/bits.hpp>

#include <compare>
#include <cstdint>

namespace checkpoint {

class Generation {
public:
    using Boot = base::Field<63, 42>;
    using Counter = base::Field<41, 0>;

    constexpr Generation() = default;
    constexpr explicit Generation(std::uint64_t raw) : raw_(raw) {}
    constexpr Generation(std::uint32_t boot, std::uint64_t counter)
        : raw_(Boot::make(boot) | Counter::make(counter)) {}
    constexpr std::uint64_t raw() const { return raw_; }
    constexpr std::uint32_t boot() const { return static_cast<std::uint32_t>(Boot::get(raw_)); }
    // Rises from parent to child, over boots too (by one, unless a commit was
    // abandoned): the number people are shown.
    constexpr std::uint64_t counter() const { return Counter::get(raw_); }
    friend constexpr auto operator<=>(Generation, Generation) = default;

private:
    std::uint64_t raw_ = 0;
};

} // namespace checkpoint
