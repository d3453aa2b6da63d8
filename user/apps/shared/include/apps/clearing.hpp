// SPDX-License-Identifier: Apache-2.0
// What tellers and clearing house say to each other. Money that left a teller and has not been collected is
// held by the clearing house, which never waits for a teller: it posts an event, and the teller collects.
#pragma once

#include <abi/error.hpp>
#include <runtime/invoke.hpp>

#include <cstdint>

namespace clearing {

enum class Operation : std::uint64_t {
    transfer = 1, // (amount, balance without it) -> (balance); refused as an overdraft below zero
    collect = 2,  // (balance) -> (amount, balance with it)
};

inline constexpr abi::Error overdraft = abi::Error::limit_reached;
inline constexpr std::uint64_t deposit_bit = 1; // of the event

inline constexpr std::int64_t opening_balance = 1000; // of each teller
inline constexpr std::int64_t total = 2 * opening_balance;

// Numbers that may be below zero travel as their bits.
constexpr std::uint64_t to_word(std::int64_t amount) { return static_cast<std::uint64_t>(amount); }
constexpr std::int64_t from_word(std::uint64_t word) { return static_cast<std::int64_t>(word); }

} // namespace clearing
