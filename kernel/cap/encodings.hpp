// SPDX-License-Identifier: Apache-2.0
// What capabilities that name no object carry in their 56 bits of data and 32 bits of payload.
#pragma once

#include <abi/capability.hpp>
#include <abi/frame.hpp>
#include <base/bits.hpp>

#include <cstdint>

namespace kernel {

// R2: capabilities of one boot carry its number in the payload; 0 = this boot, for as long as they stay in
// memory (the drain writes the number in).
constexpr bool is_of_this_boot(std::uint32_t payload, std::uint32_t boot_number) {
    return payload == 0 || payload == boot_number;
}

// A range of I/O ports, interrupt lines or device pages.
template <unsigned CountHigh, unsigned CountLow>
struct RangeEncoding {
    using First = base::Field<CountLow - 1, 0>;
    using Count = base::Field<CountHigh, CountLow>;
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    static constexpr RangeEncoding of(abi::Capability capability) {
        return {First::get(capability.data()), Count::get(capability.data())};
    }
    constexpr abi::Capability capability(abi::CapabilityType type, std::uint32_t payload = 0) const {
        return abi::Capability::miscellaneous(type, payload, First::make(first) | Count::make(count));
    }
    constexpr bool contains(std::uint64_t wanted_first, std::uint64_t wanted_count) const {
        return wanted_first >= first && wanted_count <= count && wanted_first - first <= count - wanted_count;
    }
};

using PortRange = RangeEncoding<47, 24>;
using LineRange = RangeEncoding<47, 24>;
using PageRange = RangeEncoding<54, 28>; // pages of 4096 bytes
using PagesCached = base::Field<55, 55>; // RAM, not a device's registers

constexpr abi::Capability io_ports_capability(std::uint32_t first, std::uint32_t count) {
    return PortRange{first, count}.capability(abi::CapabilityType::io_ports);
}
constexpr abi::Capability irq_capability(std::uint32_t first, std::uint32_t count) {
    return LineRange{first, count}.capability(abi::CapabilityType::irq);
}
// Both are multiples of the frame size.
constexpr abi::Capability device_memory_capability(std::uint64_t physical, std::uint64_t bytes,
                                                   bool cached = false) {
    auto const range = PageRange{physical >> abi::frame_bits, bytes >> abi::frame_bits};
    auto capability = range.capability(abi::CapabilityType::device_memory);
    capability.word1 |= PagesCached::make(cached ? 1 : 0);
    return capability;
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
