// SPDX-License-Identifier: Apache-2.0
// Endpoint: where messages go. Names one receiver process (R37); carries event bits and an inline buffer.
#pragma once

#include <abi/capability.hpp>
#include <abi/message.hpp>
#include <abi/objects/object_header.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace abi {

// The message buffer: what it holds is delivered at the receiver's next receive.
enum class BufferState : std::uint32_t {
    off = 0,   // senders wait for a busy receiver
    empty = 1, // takes the next message that is sent to a busy receiver
    full = 2,  // holds one
};

inline constexpr std::array<std::string_view, 3> buffer_state_names = {"off", "empty", "full"};

struct Endpoint {
    ObjectHeader header; // 0
    std::uint64_t value; // 8: delivered to the receiver with each message
    std::uint32_t
        payload_match; // 16: 1 = an entry is valid only with payload == reply_count (single-use replies, R5)
    std::uint32_t reply_count; // 20: raised when a reply entry is made and when it is used
    std::uint64_t event_bits;  // 24: posted and not yet received
    std::uint64_t event_mask;  // 32: bits that may be posted
    BufferState buffer_state;  // 40
    std::uint32_t reserved0;   // 44: zero
    Capability receiver;       // 48: process; void = no receiver now: senders block (R18)
    Capability buffer_page;    // 64: data page for words 8 and above, or null: longer messages wait
    // What the buffer holds; null and zero unless it is full.
    Capability buffer_capabilities[message_capabilities_max]; // 80
    std::uint64_t buffer_words[message_register_words];       // 144
    std::uint64_t alarm_time;     // 208: nanoseconds at which alarm_bits are posted; 0 = none
    std::uint64_t alarm_bits;     // 216
    std::uint64_t buffer_control; // 224: control word of the message: its counts, and the entry's payload
    std::uint64_t reserved1[3];   // 232: zero

    static constexpr std::size_t capability_offset = 48;
    static constexpr std::size_t capability_count = 6;
};

static_assert(base::WireType<Endpoint> && sizeof(Endpoint) == 256);
STELE_AT(Endpoint, value, 8);
STELE_AT(Endpoint, payload_match, 16);
STELE_AT(Endpoint, event_bits, 24);
STELE_AT(Endpoint, receiver, Endpoint::capability_offset);
STELE_AT(Endpoint, buffer_capabilities, 80);
STELE_AT(Endpoint, buffer_words, 144);
STELE_AT(Endpoint, alarm_time, 208);
STELE_AT(Endpoint, buffer_control, 224);
STELE_AT(Endpoint, reserved1, 232);

} // namespace abi
