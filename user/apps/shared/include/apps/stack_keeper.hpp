// SPDX-License-Identifier: Apache-2.0
// What the stack keeper and the program whose stack it keeps agree upon.
#pragma once

#include <cstdint>

namespace stack_keeper {

// The one request beside fault messages: () -> (pages), how many pages below the caller's stack pointer the
// keeper took out of its address space.
inline constexpr std::uint64_t trim_operation = 1;

// The stack that the description gives is full sixteen pages, so that what grows begins at a node of its own.
inline constexpr std::uint64_t given_bottom = 0x7eff'fffe'0000;
inline constexpr std::uint64_t grown_nodes_max = 15;
inline constexpr std::uint64_t grown_bottom = given_bottom - grown_nodes_max * 0x1'0000;

} // namespace stack_keeper
