// SPDX-License-Identifier: Apache-2.0
// Objects by age, the naive way: every object that comes into being gets an age that no other ever has, and a
// capability is good for the age it was made for. Versions, types, boot numbers and the object table must
// come to the same answer.
#pragma once

#include "fake_store.hpp"

#include <array>
#include <optional>
#include <vector>

namespace kernel::testing {

using Age = std::uint64_t; // 0: no object

// A slot as it should be: the capability in its form on disk, and the age it is good for.
struct AgedSlot {
    abi::Capability capability;
    Age age = 0;
};

struct AgedFrame {
    static constexpr std::size_t objects_max = 4;
    static constexpr std::size_t slots_max = 16;

    abi::FrameId id; // as on disk
    abi::FrameType type = abi::FrameType::free;
    std::array<Age, objects_max> ages{};
    std::array<AgedSlot, slots_max> slots{}; // of all objects

    static std::size_t objects(abi::FrameType type) {
        return std::min<std::size_t>(abi::shape_of(type).objects, objects_max);
    }
    // Of each object; what a snapshot's audit takes in any slot.
    static std::size_t slots_each(abi::FrameType type) {
        switch (type) {
        case abi::FrameType::capability_page: return slots_max;
        case abi::FrameType::patt:
        case abi::FrameType::process: return 4;
        case abi::FrameType::endpoint: return 1; // its receiver
        case abi::FrameType::free:
        case abi::FrameType::data_page:
        case abi::FrameType::schedule:
        case abi::FrameType::heap: break;
        }
        return 0;
    }
    void clear_object(std::size_t object) {
        auto const each = slots_each(type);
        for (std::size_t i = 0; i < each; ++i) slots[object * each + i] = {};
    }
};

// All that a checkpoint takes along: persistent frames only.
using AgedFrames = std::vector<AgedFrame>;

struct ObjectPlace {
    std::size_t frame = 0;
    std::uint32_t object = 0;
};
struct SlotPlace {
    std::size_t frame = 0;
    std::size_t slot = 0;
};

// One boot of the kernel under test.
struct ObjectBoot {
    ObjectBoot(std::uint32_t number, std::uint32_t table_entries, FakeStore::Images images)
        : entries(table_entries), store(world, std::move(images)) {
        core(world.kernel()).boot_number = number;
        objects(world.kernel()).start(entries);
    }
    std::vector<ObjectEntry> entries;
    World world{first_frame + usable_frames};
    FakeStore store;

    static constexpr std::uint32_t first_frame = 256; // what BootMemory leaves alone
    static constexpr std::uint32_t usable_frames = 160;
};

constexpr abi::CapabilityType capability_type_for(abi::FrameType type, bool second) {
    using abi::CapabilityType;
    switch (type) {
    case abi::FrameType::data_page: return CapabilityType::data_page;
    case abi::FrameType::capability_page: return CapabilityType::capability_page;
    case abi::FrameType::patt: return CapabilityType::patt;
    case abi::FrameType::process: return second ? CapabilityType::restart : CapabilityType::process;
    case abi::FrameType::endpoint: return second ? CapabilityType::entry : CapabilityType::endpoint;
    case abi::FrameType::schedule: return CapabilityType::schedule;
    case abi::FrameType::heap: return CapabilityType::heap;
    case abi::FrameType::free: break;
    }
    return CapabilityType::null;
}

} // namespace kernel::testing
