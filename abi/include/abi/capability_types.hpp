// SPDX-License-Identifier: Apache-2.0
// The table of capability types: number, name, frame type of the object, rights
// allowed. Numbers are disk format.
#pragma once

#include <abi/frame.hpp>
#include <abi/rights.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace abi {

enum class CapabilityType : std::uint8_t {
    null = 0,
    number = 1,
    data_page = 2,
    capability_page = 3,
    patt = 4,
    process = 5,
    restart = 6,
    endpoint = 7,
    entry = 8,
    heap = 9,
    frame_range = 10,
    schedule = 11,
    clock = 12,
    discrim = 13,
    log = 14,
    irq = 15,
    io_ports = 16,
    device_memory = 17,
    object_source = 18,
    checkpoint = 19,
    system_control = 20,
};

struct CapabilityTypeRow {
    CapabilityType type;
    std::string_view name;
    // FrameType::free: the capability names no object; word 1 carries data of the
    // type instead of an identifier.
    FrameType frame_type;
    Rights allowed;
    // R2: carries the boot number in its payload and reads as void in any other boot.
    bool of_one_boot;
};

inline constexpr std::array capability_types = {
    CapabilityTypeRow{CapabilityType::null, "null", FrameType::free, {}, false},
    CapabilityTypeRow{CapabilityType::number, "number", FrameType::free, {}, false},
    CapabilityTypeRow{CapabilityType::data_page, "data_page", FrameType::data_page, page_restrictions, false},
    CapabilityTypeRow{CapabilityType::capability_page, "capability_page", FrameType::capability_page,
                      page_restrictions | Right::opaque, false},
    CapabilityTypeRow{CapabilityType::patt, "patt", FrameType::patt, memory_restrictions, false},
    CapabilityTypeRow{CapabilityType::process, "process", FrameType::process, {}, false},
    CapabilityTypeRow{CapabilityType::restart, "restart", FrameType::process, {}, false},
    CapabilityTypeRow{CapabilityType::endpoint, "endpoint", FrameType::endpoint, endpoint_permissions, false},
    CapabilityTypeRow{CapabilityType::entry, "entry", FrameType::endpoint, Right::send, false},
    CapabilityTypeRow{CapabilityType::heap, "heap", FrameType::heap, {}, false},
    CapabilityTypeRow{CapabilityType::frame_range, "frame_range", FrameType::free, {}, false},
    CapabilityTypeRow{CapabilityType::schedule, "schedule", FrameType::schedule, {}, false},
    CapabilityTypeRow{CapabilityType::clock, "clock", FrameType::free, {}, false},
    CapabilityTypeRow{CapabilityType::discrim, "discrim", FrameType::free, {}, false},
    CapabilityTypeRow{CapabilityType::log, "log", FrameType::free, {}, false},
    CapabilityTypeRow{CapabilityType::irq, "irq", FrameType::free, {}, true},
    CapabilityTypeRow{CapabilityType::io_ports, "io_ports", FrameType::free, {}, true},
    CapabilityTypeRow{CapabilityType::device_memory, "device_memory", FrameType::free, {}, true},
    CapabilityTypeRow{CapabilityType::object_source, "object_source", FrameType::free, {}, true},
    CapabilityTypeRow{CapabilityType::checkpoint, "checkpoint", FrameType::free, {}, false},
    CapabilityTypeRow{CapabilityType::system_control, "system_control", FrameType::free, {}, false},
};

inline constexpr std::size_t capability_type_count = capability_types.size();

static_assert(
    [] {
        for (std::size_t i = 0; i < capability_types.size(); ++i)
            if (static_cast<std::size_t>(capability_types[i].type) != i) return false;
        return true;
    }(),
    "the row of a type stands at the type's number");

constexpr bool is_known(CapabilityType type) {
    return static_cast<std::size_t>(type) < capability_type_count;
}
constexpr CapabilityTypeRow const& row_of(CapabilityType type) {
    return capability_types[is_known(type) ? static_cast<std::size_t>(type) : 0];
}
constexpr bool names_object(CapabilityType type) { return row_of(type).frame_type != FrameType::free; }

} // namespace abi
