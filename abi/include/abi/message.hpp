// SPDX-License-Identifier: Apache-2.0
// The control word of an invocation and the limits of a message.
#pragma once

#include <base/bits.hpp>

#include <cstddef>
#include <cstdint>

namespace abi {

inline constexpr std::size_t message_words_max = 64;
inline constexpr std::size_t message_register_words = 8;
inline constexpr std::size_t message_capabilities_max = 4;

enum class MessageKind : std::uint8_t {
    message = 0,
    event = 1,
    fault = 2,
    reply = 3,
};

class ControlWord {
public:
    using Words = base::Field<6, 0>;
    using Capabilities = base::Field<9, 7>;
    using Accepted = base::Field<12, 10>;
    using SendPhase = base::Field<13, 13>;
    using ReceivePhase = base::Field<14, 14>;
    using SendNonBlocking = base::Field<15, 15>;
    using ReceiveNonBlocking = base::Field<16, 16>;
    using ClosedWait = base::Field<17, 17>;
    using Call = base::Field<18, 18>;
    using Kind = base::Field<21, 19>;
    using StringCode = base::Field<24, 22>;
    using Reserved = base::Field<31, 25>;
    using Payload = base::Field<63, 32>;

    constexpr ControlWord() = default;
    constexpr explicit ControlWord(std::uint64_t raw) : raw_(raw) {}
    constexpr std::uint64_t raw() const { return raw_; }

    template <class Field>
    constexpr std::uint64_t get() const {
        return Field::get(raw_);
    }
    template <class Field>
    constexpr ControlWord with(std::uint64_t value) const {
        return ControlWord(Field::set(raw_, value));
    }
    constexpr MessageKind kind() const { return static_cast<MessageKind>(get<Kind>()); }

    // Counts within limits, no string item, reserved bits clear.
    constexpr bool well_formed() const {
        return get<Words>() <= message_words_max && get<Capabilities>() <= message_capabilities_max &&
               get<Accepted>() <= message_capabilities_max && get<StringCode>() == 0 && get<Reserved>() == 0;
    }

private:
    std::uint64_t raw_ = 0;
};

// Word 0 of a request: interface number << 16 | method ordinal + 1.
constexpr std::uint64_t operation_code(std::uint16_t interface_number, std::uint16_t ordinal) {
    return (std::uint64_t{interface_number} << 16) | (ordinal + 1u);
}

} // namespace abi
