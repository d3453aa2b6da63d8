// SPDX-License-Identifier: Apache-2.0
// A slot of the program's capability space: how a program names a capability. The short names of the runtime.
#pragma once

#include <abi/error.hpp>
#include <base/result.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace runtime {

using abi::Error;
using base::fail;
using base::Result;

struct Slot {
    std::uint64_t number = 0; // 0 is the null slot by convention

    constexpr Slot() = default;
    constexpr explicit Slot(std::uint64_t slot_number) : number(slot_number) {}
    // An enumerator of a table of slots (abi/boot_slots.hpp, or the program's own).
    template <class Name>
        requires std::is_enum_v<Name>
    constexpr Slot(Name name) : number(static_cast<std::uint64_t>(name)) {}

    friend constexpr bool operator==(Slot, Slot) = default;
};

} // namespace runtime
