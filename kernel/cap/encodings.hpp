// SPDX-License-Identifier: Apache-2.0
// What capabilities that name no object carry in their 56 bits of data and 32 bits of payload.
#pragma once

#include <abi/capability.hpp>
#include <abi/frame.hpp>
#include <base/bits.hpp>
#include <base/contract.hpp>

#include <bit>
#include <cstdint>

namespace kernel {

// R2: capabilities of one boot carry its number in the payload; 0 = this boot, for as long as they stay in
// memory (the drain writes the number in).
constexpr bool is_of_this_boot(std::uint32_t payload, std::uint32_t boot_number) {
    return payload == 0 || payload == boot_number;
}

struct Range {
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    constexpr bool contains(std::uint64_t wanted_first, std::uint64_t wanted_count) const {
        return wanted_first >= first && wanted_count <= count && wanted_first - first <= count - wanted_count;
    }
};

// A range of I/O ports or interrupt lines.
struct PortRange : Range {
    using First = base::Field<23, 0>;
    using Count = base::Field<47, 24>;

    static constexpr PortRange of(abi::Capability capability) {
        return {{First::get(capability.data()), Count::get(capability.data())}};
    }
    constexpr abi::Capability capability(abi::CapabilityType type, std::uint32_t payload = 0) const {
        return abi::Capability::miscellaneous(type, payload, First::make(first) | Count::make(count));
    }
};
using LineRange = PortRange;

// Physical pages of 4096 bytes, below 16 TiB. The count has 18 bits and a power of two to be multiplied by:
// up to 1 GiB every length has an encoding, above it those do that are round enough.
struct PageRange : Range {
    using First = base::Field<31, 0>;
    using Count = base::Field<49, 32>;
    using Power = base::Field<54, 50>;
    using Cached = base::Field<55, 55>; // RAM, not a device's registers
    static constexpr std::uint64_t limit = std::uint64_t{1} << 44;
    static constexpr std::uint64_t round_bytes = std::uint64_t{1} << 30; // a multiple of it has an encoding

    static constexpr unsigned power_of(std::uint64_t count) {
        constexpr unsigned count_bits = 18;
        auto const width = static_cast<unsigned>(std::bit_width(count));
        return width <= count_bits ? 0 : width - count_bits;
    }
    constexpr bool has_encoding() const {
        auto const power = power_of(count);
        return first < limit >> abi::frame_bits && power < 32 && count >> power << power == count;
    }
    static constexpr PageRange of(abi::Capability capability) {
        auto const data = capability.data();
        return {{First::get(data), Count::get(data) << Power::get(data)}};
    }
    static constexpr bool is_cached(abi::Capability capability) {
        return Cached::get(capability.data()) != 0;
    }
    constexpr abi::Capability capability(bool cached) const {
        expects(has_encoding());
        auto const power = power_of(count);
        return abi::Capability::miscellaneous(abi::CapabilityType::device_memory, 0,
                                              First::make(first) | Count::make(count >> power) |
                                                  Power::make(power) | Cached::make(cached ? 1 : 0));
    }
};

constexpr abi::Capability io_ports_capability(std::uint32_t first, std::uint32_t count) {
    return PortRange{{first, count}}.capability(abi::CapabilityType::io_ports);
}
constexpr abi::Capability irq_capability(std::uint32_t first, std::uint32_t count) {
    return LineRange{{first, count}}.capability(abi::CapabilityType::irq);
}
// Both are multiples of the frame size, and the length has an encoding.
constexpr abi::Capability device_memory_capability(std::uint64_t physical, std::uint64_t bytes,
                                                   bool cached = false) {
    return PageRange{{physical >> abi::frame_bits, bytes >> abi::frame_bits}}.capability(cached);
}

// Frame ranges: non-persistent frames up to a limit (payload), or `count` persistent frames from `first`.
struct FrameRange {
    using First = base::Field<47, 0>;
    using Transient = base::Field<55, 55>;
    bool transient = false;
    std::uint64_t first = 0;
    std::uint32_t count = 0;

    static constexpr FrameRange of(abi::Capability capability) {
        return {Transient::get(capability.data()) != 0, First::get(capability.data()), capability.payload()};
    }
    constexpr abi::Capability capability() const {
        return abi::Capability::miscellaneous(abi::CapabilityType::frame_range, count,
                                              Transient::make(transient ? 1 : 0) | First::make(first));
    }
};
constexpr abi::Capability frame_range_capability(std::uint32_t limit) {
    return FrameRange{.transient = true, .count = limit}.capability();
}

} // namespace kernel
