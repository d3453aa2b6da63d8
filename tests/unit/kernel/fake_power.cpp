// SPDX-License-Identifier: Apache-2.0
// Hosted tests have no machine to turn off.
#include <arch/debug_exit.hpp>

#include <cstdlib>

namespace kernel::arch {

void power_off(std::uint8_t) { std::abort(); }
void reset_machine() { std::abort(); }

} // namespace kernel::arch
