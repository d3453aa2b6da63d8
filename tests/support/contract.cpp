// SPDX-License-Identifier: Apache-2.0
// The contract hook of hosted tests: say what was broken, then abort, so that death tests can match the text.
#include <base/contract.hpp>

#include <cstdio>
#include <cstdlib>

[[noreturn]] void contract_violation(char const* kind, char const* condition, char const* file,
                                     int line) noexcept {
    std::fprintf(stderr, "%s:%d: %s(%s) is broken\n", file, line, kind, condition);
    std::abort();
}
