// SPDX-License-Identifier: Apache-2.0
// Versions of objects (R3): revocation raises them; at the last value the frame is retired, never wrapped.
#pragma once

#include <compare>
#include <cstdint>

namespace abi {

class Version {
public:
    static constexpr std::uint32_t last = 0xfffffe;

    constexpr Version() = default;
    constexpr explicit Version(std::uint32_t raw) : raw_(raw & 0xffffff) {}
    constexpr std::uint32_t raw() const { return raw_; }
    constexpr bool is_retired() const { return raw_ >= last; }
    // The next version. At the last value it stays there: the caller must retire the frame.
    constexpr Version next() const { return is_retired() ? Version(last) : Version(raw_ + 1); }
    friend constexpr auto operator<=>(Version, Version) = default;

private:
    std::uint32_t raw_ = 0;
};

// Of every object in a new store; version 0 is never used, so that a zeroed capability is void.
inline constexpr Version first_version{1};

} // namespace abi
