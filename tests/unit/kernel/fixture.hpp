// SPDX-License-Identifier: Apache-2.0
// A kernel of its own over fake memory for each test, and short words for making frames, objects and spaces.
#pragma once

#include <boot/kernel_state.hpp>

#include <mapping/capability_walk.hpp>
#include <mapping/evict.hpp>
#include <mapping/install.hpp>
#include <mapping/map_fault.hpp>
#include <mapping/start.hpp>
#include <memory/start.hpp>
#include <object/capability_gc.hpp>
#include <snapshot/audit.hpp>

#include <arch/tlb.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

namespace kernel::testing {

class World {
public:
    explicit World(std::uint32_t frames = arch::fake_memory_frames) : kernel_(std::make_unique<Kernel>()) {
        std::memset(arch::fake_memory(), 0, std::size_t{frames} * abi::frame_size);
        arch::fake_tlb() = {};
        BootMemory boot;
        boot.add(0, std::uint64_t{frames} * abi::frame_size);
        start_frames(memory(), boot);
        start_mappings(*kernel_, boot);
        free_remaining(memory(), boot);
    }

    Kernel& kernel() { return *kernel_; }
    Memory& memory() { return kernel::memory(*kernel_); }
    PageFrame& header(FrameIndex frame) { return memory().frames[frame]; }

    // A persistent frame of this type, zero, dirty in the current epoch.
    FrameIndex frame(abi::FrameType type) {
        auto const index = install_absent(kernel(), abi::FrameId::persistent(++last_number_), abi::Version());
        EXPECT_TRUE(index);
        if (type != abi::FrameType::free) retype_frame(kernel(), *index, type, committed);
        return *index;
    }
    FrameIndex page() { return frame(abi::FrameType::data_page); }
    FrameIndex transient(abi::FrameType type) {
        auto const index = install_transient(kernel(), type);
        EXPECT_TRUE(index);
        return *index;
    }
    // An object in use, in a frame of its own or at an index of a frame.
    Target object(abi::FrameType type) { return object_in(frame(type), 0); }
    Target object_in(FrameIndex frame, unsigned index) {
        use_object(kernel(), {frame, index}, committed);
        return {frame, index};
    }

    abi::Capability capability(abi::CapabilityType type, Target target, abi::Rights rights = {}) {
        return capability_to(memory(), type, target, rights);
    }
    abi::Capability to_page(FrameIndex page, abi::Rights rights = {}) {
        return capability(abi::CapabilityType::data_page, {page, 0}, rights);
    }
    abi::Capability to_patt(Target patt, abi::Rights rights = {}) {
        return capability(abi::CapabilityType::patt, patt, rights);
    }
    void store(SlotLocation slot, abi::Capability capability) {
        store_capability(kernel(), slot, capability, committed);
    }

    void shape(Target patt, unsigned size, unsigned residual) {
        invalidate_node(kernel(), {patt.frame, patt.index});
        auto writer = FrameWriter(kernel(), patt.frame, patt.index, committed);
        writer.object<abi::Patt>().size = static_cast<std::uint8_t>(size);
        writer.object<abi::Patt>().residual = static_cast<std::uint8_t>(residual);
    }
    // As Patt.store does it.
    void set_pair(Target patt, unsigned slot, std::uint64_t prefix, abi::Capability capability) {
        invalidate_slot(kernel(), {patt.frame, patt.index}, slot, prefix);
        FrameWriter(kernel(), patt.frame, patt.index, committed).object<abi::Patt>().prefixes[slot] = prefix;
        store(object_slot(abi::FrameType::patt, patt, slot), capability);
    }

    ProcessRef process(abi::Capability space) {
        auto const target = object_in(frame(abi::FrameType::process), 0);
        ProcessRef const process{target.frame, 0};
        set_process_slot(process, abi::ProcessSlot::address_space, space);
        return process;
    }
    void set_process_slot(ProcessRef process, abi::ProcessSlot slot, abi::Capability capability) {
        auto const at = static_cast<std::uint32_t>(slot);
        store(object_slot(abi::FrameType::process, process.target(), at), capability);
    }

    void poke(FrameIndex page, std::size_t offset, std::uint64_t word) {
        base::write(FrameWriter(kernel(), page, 0, committed).page(), offset, word);
    }
    static std::uint64_t peek(FrameIndex page, std::size_t offset) {
        return base::read<std::uint64_t>(base::ConstBytes(arch::frame_bytes(page)), offset);
    }

    void expect_sound() {
        auto const finding = audit_caches(kernel());
        EXPECT_TRUE(finding.clean()) << finding.rule << " at " << finding.offset;
    }

    Committed const committed = Committed::for_unit("test");

private:
    std::unique_ptr<Kernel> kernel_;
    std::uint64_t last_number_ = 1;
};

// What the processor does with a user access: walks the tables below `top`, sets accessed and dirty bits.
// no_frame: page fault.
inline FrameIndex hardware_access(PhysicalAddress top, UserAddress address, bool write) {
    using Bit = PageEntry::Bit;
    auto table = top;
    for (auto level = page_table_levels; level >= 1; --level) {
        auto& slot = arch::page_table(table).slots[table_index(address, level)];
        auto const entry = slot.load();
        if (!entry.present() || !entry.has(Bit::user) || (write && !entry.has(Bit::writable)))
            return no_frame;
        slot.set(Bit::accessed);
        if (level > 1) {
            table = entry.target();
            continue;
        }
        if (write) slot.set(Bit::dirty);
        return entry.frame();
    }
    return no_frame;
}

// One user access, page faults included. The frame, or no_frame and the outcome of the last fault.
inline FrameIndex user_access(World& world, ProcessRef process, UserAddress address, bool write,
                              MapOutcome* outcome = nullptr) {
    for (int attempt = 0; attempt < 3; ++attempt) {
        auto const top = load_space(world.kernel(), process);
        if (!top) {
            if (outcome != nullptr) *outcome = {top.error, abi::FaultCode::none, {}};
            return no_frame;
        }
        auto const frame = hardware_access(*top, address, write);
        if (frame != no_frame) return frame;
        auto const result = map_fault(world.kernel(), process, address, write ? Access::write : Access::read);
        if (outcome != nullptr) *outcome = result;
        if (result.error != Error::none) return no_frame;
    }
    ADD_FAILURE() << "a resolved fault comes back";
    return no_frame;
}

// The seed of a random test: STELE_SEED in the environment replays one.
inline std::uint64_t seed() {
    auto const* text = std::getenv("STELE_SEED");
    auto const value = text != nullptr ? std::strtoull(text, nullptr, 0) : std::uint64_t{0x5eed};
    ::testing::Test::RecordProperty("seed", std::to_string(value));
    return value;
}

} // namespace kernel::testing
