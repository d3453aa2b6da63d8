// SPDX-License-Identifier: Apache-2.0
// A broken contract in a user program: a break-point fault, with the texts in registers for whoever looks.
#include <base/contract.hpp>

[[noreturn]] void contract_violation(char const* kind, char const* condition, char const* file,
                                     int line) noexcept {
    for (;;) asm volatile("int3" : : "D"(kind), "S"(condition), "d"(file), "c"(line) : "memory");
}
