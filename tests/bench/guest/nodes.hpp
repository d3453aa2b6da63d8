// SPDX-License-Identifier: Apache-2.0
// PATTs of the measuring program's own, and two pages to map.
#pragma once

#include <abi/boot_slots.hpp>
#include <abi/objects/patt.hpp>
#include <abi/objects/process.hpp>
#include <runtime/client/patt.hpp>
#include <runtime/client/process.hpp>

#include <cstdint>

namespace bench {

inline constexpr std::uint64_t test_base = 0x3000'0000'0000;
inline constexpr std::uint8_t user_space_size = 47;
inline constexpr std::uint64_t last_pair = abi::patt_slots - 1;
inline constexpr auto space_slot = static_cast<std::uint64_t>(abi::ProcessSlot::address_space);

class Nodes {
public:
    runtime::Result<> prepare();
    runtime::Result<runtime::Patt> make(std::uint8_t size, std::uint8_t residual);
    // Of one page a pair; the last is the background, which holds all of the old space.
    runtime::Result<runtime::Patt> make_root();
    // In pair 1, at test_base: it stays mapped, so that the page table does too.
    runtime::Result<> map_neighbour(runtime::Patt root);

    static constexpr runtime::Slot old_space() { return runtime::Slot(72); }
    static constexpr runtime::Slot page() { return runtime::Slot(73); }
    static constexpr runtime::Slot neighbour() { return runtime::Slot(74); }

private:
    std::uint64_t frame_ = 0;
    std::uint8_t count_ = 0;
};

constexpr runtime::Process own_process() { return runtime::Process{abi::SupervisorSlot::own_process}; }
// The kernel's count.
std::uint64_t faults();
void touch(std::uint64_t address);

} // namespace bench
