// SPDX-License-Identifier: Apache-2.0
// What a program defines. It never returns: a program that ends is a break-point fault at its keeper.
#pragma once

#include <cstdint>

// `argument` is the one number that the system description gives the process; 0 for resident programs.
extern "C" int main(std::uint64_t argument);
