// SPDX-License-Identifier: Apache-2.0
// Endpoint: where messages go. Names one receiver process (R37); carries event bits and an inline buffer.
#pragma once

#include <abi/capability.hpp>
#include <abi/objects/object_header.hpp>

#include <cstddef>
#include <cstdint>

namespace abi {

struct Endpoint {
    ObjectHeader header; // 0
    std::uint64_t value; // 8: delivered to the receiver with each message
    std::uint32_t
        payload_match; // 16: 1 = an entry is valid only with payload == reply_count (single-use replies, R5)
    std::uint32_t reply_count; // 20: raised when a reply entry is made and when it is used
    std::uint64_t event_bits;  // 24: posted and not yet received
    std::uint64_t event_mask;  // 32: bits that may be posted
    std::uint32_t
        buffer_state;        // 40: 0 empty (the message buffer is reserved for deliveries to a busy receiver)
    std::uint32_t reserved0; // 44: zero
    Capability receiver;     // 48: process; void = no receiver now: senders block (R18)
    Capability buffer_page;  // 64: reserved, null
    Capability buffer_capabilities[4]; // 80: reserved, null
    std::uint64_t buffer_words[8];     // 144: reserved, zero
    std::uint64_t alarm_time;          // 208: nanoseconds at which alarm_bits are posted; 0 = none
    std::uint64_t alarm_bits;          // 216
    std::uint64_t reserved1[4];        // 224: zero

    static constexpr std::size_t capability_offset = 48;
    static constexpr std::size_t capability_count = 6;
};

static_assert(base::WireType<Endpoint> && sizeof(Endpoint) == 256);
STELE_AT(Endpoint, value, 8);
STELE_AT(Endpoint, payload_match, 16);
STELE_AT(Endpoint, event_bits, 24);
STELE_AT(Endpoint, receiver, Endpoint::capability_offset);
STELE_AT(Endpoint, buffer_capabilities, 80);
STELE_AT(Endpoint, alarm_time, 208);
STELE_AT(Endpoint, reserved1, 224);

} // namespace abi
