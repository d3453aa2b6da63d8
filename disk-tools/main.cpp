// SPDX-License-Identifier: Apache-2.0
// The `stele` command.
#include "options.hpp"

#include <base/contract.hpp>

#include <cstdio>
#include <cstdlib>

void contract_violation(char const* kind, char const* condition, char const* file, int line) noexcept {
    std::fprintf(stderr, "stele: contract violated: %s(%s) at %s:%d\n", kind, condition, file, line);
    std::abort();
}

int main(int argc, char** argv) { return tools::run_command_line(argc, argv); }
