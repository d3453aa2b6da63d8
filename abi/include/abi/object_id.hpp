// SPDX-License-Identifier: Apache-2.0
// Object identifiers (R1): a frame and the index of the object in it, 56 bits.
//   bit 55 non-persistent | bits 54..7 frame number | bits 6..0 index
#pragma once

#include <abi/frame.hpp>

#include <compare>
#include <cstdint>

namespace abi {

class ObjectId {
public:
    static constexpr unsigned index_bits = 7;
    static constexpr std::uint64_t mask = (std::uint64_t{1} << 56) - 1;

    constexpr ObjectId() = default;
    constexpr explicit ObjectId(std::uint64_t raw) : raw_(raw & mask) {}
    constexpr ObjectId(FrameId frame, unsigned index) : raw_((frame.raw() << index_bits) | (index & 0x7f)) {}

    constexpr std::uint64_t raw() const { return raw_; }
    constexpr FrameId frame() const { return FrameId(raw_ >> index_bits); }
    constexpr unsigned index() const { return static_cast<unsigned>(raw_ & 0x7f); }
    friend constexpr auto operator<=>(ObjectId, ObjectId) = default;

private:
    std::uint64_t raw_ = 0;
};

} // namespace abi
