// SPDX-License-Identifier: Apache-2.0
// Segments, task state and interrupt gates (Intel SDM 3A, chapters 3, 6 and 7), and the SYSCALL registers.
#pragma once

#include <cstdint>

namespace kernel::arch {

// Loads GDT, TSS and IDT, sets up SYSCALL. `stack_top`: where exceptions and interrupts of user mode arrive.
void start_descriptors(std::uint64_t stack_top);

} // namespace kernel::arch
