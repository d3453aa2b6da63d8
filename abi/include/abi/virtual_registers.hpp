// SPDX-License-Identifier: Apache-2.0
// The page of virtual registers: what an invocation needs beyond the machine registers (F9, R36).
#pragma once

#include <abi/frame.hpp>
#include <abi/message.hpp>
#include <base/layout.hpp>

#include <cstdint>

namespace abi {

struct VirtualRegisters {
    std::uint64_t words[message_words_max]; // 0: words 0..7 travel in machine registers and are not read here
    std::uint64_t send_slots[message_capabilities_max]; // 512: slots of the capabilities to send
    std::uint64_t
        receive_slots[message_capabilities_max]; // 544: slots that received capabilities are stored into
    std::uint64_t receive_endpoint;              // 576: slot of the endpoint of a closed wait
    std::uint64_t reserved[439];                 // 584: zero
};

static_assert(base::WireType<VirtualRegisters> && sizeof(VirtualRegisters) == frame_size);
STELE_AT(VirtualRegisters, words, 0);
STELE_AT(VirtualRegisters, send_slots, 512);
STELE_AT(VirtualRegisters, receive_slots, 544);
STELE_AT(VirtualRegisters, receive_endpoint, 576);
STELE_AT(VirtualRegisters, reserved, 584);

// Where the register page stands in every user address space that the tools and the kernel build.
inline constexpr std::uint64_t virtual_registers_address = 0x7f00'0000'0000;

} // namespace abi
