// SPDX-License-Identifier: Apache-2.0
// The kernel's one boot-time structure, by name only: it holds a member of each area, and its definition
// stands above all areas (boot/kernel_state.hpp). Each area's header declares the accessor to its own member,
// e.g. `FrameCache& frames(Kernel&)`.
#pragma once

#include <core/lock.hpp>

#include <abi/frame.hpp>

#include <cstdint>

namespace kernel {

struct Kernel;

// The machine's. Hosted tests make their own and never call this.
Kernel& kernel_state();

// What every area needs.
struct CoreState {
    TicketLock lock;
    // Which frame the last Error::absent was about.
    abi::FrameId absent;
    // R2: of this boot; 0 until ObjectSource.restore names it. Non-persistent frames
    // made before have boot number 0.
    std::uint32_t boot_number = 0;
    // Amnesia: every so many entries all caches are dropped; 0 = never.
    std::uint32_t amnesia_interval = 0;
    std::uint32_t amnesia_count = 0;
    // Persistent processes stay listed and do not run: between restore and
    // resume, and when the machine is held.
    bool hold = false;
};

CoreState& core(Kernel& kernel);
CoreState const& core(Kernel const& kernel);

} // namespace kernel
