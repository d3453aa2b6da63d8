// SPDX-License-Identifier: Apache-2.0
// Endpoints to which the kernel itself posts: interrupts, alarms, wanted frames,
// checkpoint requests, log lines.
//   They are non-persistent, so that the post never waits for a frame.
#pragma once

#include <arch/interrupts.hpp>
#include <core/kernel.hpp>

#include <abi/object_id.hpp>
#include <abi/version.hpp>
#include <base/result.hpp>

#include <array>
#include <cstdint>

namespace kernel {

struct BoundEvent {
    abi::ObjectId endpoint;
    abi::Version version;
    std::uint64_t bits = 0; // 0: nothing is bound
    bool bound() const { return bits != 0; }
};

struct Alarm {
    BoundEvent event;
    std::uint64_t time = 0; // of the persistent clock
};

struct KernelEvents {
    static constexpr std::size_t alarms_max = 32;

    std::array<BoundEvent, arch::line_count> lines{};
    std::array<BoundEvent, arch::message_count> messages{};
    BoundEvent frames_wanted;
    BoundEvent checkpoint_wanted;
    BoundEvent logged;
    std::array<Alarm, alarms_max> alarms{};
    std::uint64_t next_alarm = 0; // earliest time of all alarms; 0 = none

    // Replaces the endpoint's alarm; time 0 takes it back. limit_reached: all alarms are taken.
    base::Result<> set_alarm(BoundEvent event, std::uint64_t time);
    // An alarm whose time has come, taken out of the table; not bound() when there is none.
    BoundEvent take_due(std::uint64_t now);
};

KernelEvents& kernel_events(Kernel& kernel);
KernelEvents const& kernel_events(Kernel const& kernel);

} // namespace kernel
