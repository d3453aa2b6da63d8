// SPDX-License-Identifier: Apache-2.0
// Fault codes, as recorded in a process and sent to its keeper. Numbers are ABI.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace abi {

enum class FaultCode : std::uint32_t {
    none = 0,
    malformed_system_call = 1,
    foreign_system_call = 2,
    invalid_data_reference = 3,
    invalid_capability_reference = 4,
    no_execute = 5,
    access_violation = 6,
    type_error = 7,
    malformed_space = 8,
    no_address_space = 9,
    no_schedule = 10,
    no_virtual_registers = 11,
    content_lost = 12,
    break_point = 13,
    debug = 14,
    bad_opcode = 15,
    divide_error = 16,
    floating_point = 17,
    alignment = 18,
    general_protection = 19,
    bad_register_state = 20,
};

inline constexpr std::array<std::string_view, 21> fault_names = {
    "none",
    "malformed system call",
    "foreign system call",
    "invalid data reference",
    "invalid capability reference",
    "no execute",
    "access violation",
    "type error",
    "malformed space",
    "no address space",
    "no schedule",
    "no virtual registers",
    "content lost",
    "break point",
    "debug",
    "bad opcode",
    "divide error",
    "floating point",
    "alignment",
    "general protection",
    "bad register state",
};

} // namespace abi
