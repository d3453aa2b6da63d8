# SPDX-License-Identifier: Apache-2.0
# The processor and its surroundings.
set(KERNEL_ARCH_SOURCES
    arch/entry.S arch/adapt.cpp arch/clock.cpp arch/cpuid.cpp arch/debug_exit.cpp arch/descriptors.cpp
    arch/interrupts.cpp arch/kernel_space.cpp arch/memory_functions.cpp arch/serial.cpp arch/user_state.cpp
    arch/xsave.cpp)
set(KERNEL_ARCH_HOSTED)
