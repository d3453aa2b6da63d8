// SPDX-License-Identifier: Apache-2.0
// Rights of a capability, 8 bits. Restrictions (set = less authority) of memory, permissions (set = more) of
// endpoints; no bit means one thing for one type and another for the next.
#pragma once

#include <base/bits.hpp>

#include <cstdint>

namespace abi {

enum class Right : std::uint8_t {
    read_only = 0x01,
    weak = 0x02,
    no_execute = 0x04,
    opaque = 0x08,
    no_call = 0x10,
    send = 0x20,
    receive = 0x40,
    manage = 0x80,
};

using Rights = base::Flags<Right>;

constexpr Rights operator|(Right a, Right b) { return Rights(a) | Rights(b); }

inline constexpr Rights memory_restrictions =
    Rights(Right::read_only) | Right::weak | Right::no_execute | Right::opaque | Right::no_call;
inline constexpr Rights page_restrictions = Rights(Right::read_only) | Right::weak | Right::no_execute;
inline constexpr Rights endpoint_permissions = Rights(Right::send) | Right::receive | Right::manage;

} // namespace abi
