// SPDX-License-Identifier: Apache-2.0
// The partner: a second resident program that is started anew for each figure that needs somebody else.
#pragma once

#include <abi/boot_slots.hpp>
#include <abi/frame.hpp>
#include <runtime/slot.hpp>

#include <cstdint>

namespace bench {

// What the partner does from its start on.
enum class Role : std::uint64_t {
    timekeeper = 1, // answers each message with the time at which it came
    receiver = 2,   // takes one capability of each message
    poster = 3,     // answers each event with an event
    yielder = 4,    // lets others run, again and again
    faulter = 5,    // touches a page that is nowhere, again and again
    keeper = 6,     // maps a page for each fault
};

// Slots of its capability page.
enum class PartnerSlot : std::uint64_t {
    reply = 32,    // of the message that it answers; of a fault the restart capability
    received = 33, // the capability that came with the message
    target = 34,   // poster: endpoint of the caller
    node = 35,     // keeper: where it maps, and what
    page = 36,
};

// Page of its own in no space.
inline constexpr std::uint64_t nowhere = 0x2f00'0000'0000;
// Where the keeper maps in the space of the one that it keeps: pair 0 of its node.
inline constexpr std::uint64_t kept_address = 0x3000'0000'1000;

inline constexpr std::uint64_t partner_number = 2; // in the resident image, the program that measures being 0

constexpr runtime::Slot partner(abi::ProgramSlot part) {
    return runtime::Slot(abi::slot(abi::SupervisorSlot::program_base) + 4 * (partner_number - 1) +
                         abi::slot(part));
}

// Stops it and starts it in this role.
runtime::Result<> start_partner(Role role);
runtime::Result<> stop_partner();
// Puts a capability of this program into its page.
runtime::Result<> give_partner(PartnerSlot to, runtime::Slot from);

} // namespace bench
