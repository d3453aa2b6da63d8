# SPDX-License-Identifier: Apache-2.0
# What every area needs.
set(KERNEL_CORE_SOURCES
    core/backtrace.cpp core/boot_memory.cpp core/log.cpp core/panic.cpp core/processor.cpp)
set(KERNEL_CORE_HOSTED core/boot_memory.cpp core/log.cpp)
