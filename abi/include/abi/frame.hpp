// SPDX-License-Identifier: Apache-2.0
// Frames: the only thing the store, the log and the disk ever see. Identifier, type tag, size.
#pragma once

#include <base/strong.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace abi {

inline constexpr std::size_t frame_size = 4096;
inline constexpr unsigned frame_bits = 12;

// The type tag of a frame, in the object map and in the frame cache. Numbers are disk format (R6: free = 0).
enum class FrameType : std::uint8_t {
    free = 0,
    data_page = 1,
    capability_page = 2,
    patt = 3,
    process = 4,
    endpoint = 5,
    schedule = 6,
    heap = 7,
};
inline constexpr std::uint8_t frame_type_count = 8;

inline constexpr std::array<std::string_view, frame_type_count> frame_type_names = {
    "free", "data page", "capability page", "patt", "process", "endpoint", "schedule", "heap",
};

constexpr bool is_heap_frame(FrameType type) { return type >= FrameType::patt; }

// R1: 48 bits of number, and bit 48 for frames that live in memory only and die with the boot.
class FrameId {
public:
    static constexpr unsigned number_bits = 48;
    static constexpr std::uint64_t number_mask = (std::uint64_t{1} << number_bits) - 1;

    constexpr FrameId() = default;
    constexpr explicit FrameId(std::uint64_t raw) : raw_(raw & (2 * number_mask + 1)) {}
    static constexpr FrameId persistent(std::uint64_t number) { return FrameId(number & number_mask); }
    // R1: boot number (22 bits) and physical frame (26 bits); in any other boot the identifier names nothing.
    static constexpr FrameId non_persistent(std::uint32_t boot, std::uint32_t physical_frame) {
        return FrameId((number_mask + 1) | (std::uint64_t{boot & 0x3fffff} << 26) |
                       (physical_frame & 0x3ffffff));
    }

    constexpr std::uint64_t raw() const { return raw_; }
    constexpr std::uint64_t number() const { return raw_ & number_mask; }
    constexpr bool is_persistent() const { return (raw_ >> number_bits) == 0; }
    constexpr std::uint32_t boot() const { return static_cast<std::uint32_t>((raw_ >> 26) & 0x3fffff); }
    constexpr std::uint32_t physical_frame() const { return static_cast<std::uint32_t>(raw_ & 0x3ffffff); }
    friend constexpr auto operator<=>(FrameId, FrameId) = default;

private:
    std::uint64_t raw_ = 0;
};

// Persistent frame 0 is never used, so that a zeroed capability names nothing. Frame 1 is
// the root capability page (R18).
inline constexpr FrameId root_frame = FrameId::persistent(1);

} // namespace abi
