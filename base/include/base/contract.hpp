// SPDX-License-Identifier: Apache-2.0
// Contracts: duties of the programmer, checked at run time. A user's or a disk's mistake
// is an Error, never a contract.
#pragma once

// Called when a contract is broken; every program supplies it (kernel: panic; user program: fault; tests:
// abort). Must not return. `kind` is one of "expects", "ensures", "invariant", "unreachable".
[[noreturn]] void contract_violation(char const* kind, char const* condition, char const* file,
                                     int line) noexcept;

// expects: the caller's duty. ensures: this function's promise. invariant: this type's.
#define STELE_CONTRACT(kind, condition) \
    (static_cast<bool>(condition) ? static_cast<void>(0) \
                                  : contract_violation(kind, #condition, __FILE__, __LINE__))
#define expects(condition) STELE_CONTRACT("expects", condition)
#define ensures(condition) STELE_CONTRACT("ensures", condition)
#define invariant(condition) STELE_CONTRACT("invariant", condition)
#define unreachable() contract_violation("unreachable", "this point is never reached", __FILE__, __LINE__)
