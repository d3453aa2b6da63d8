# SPDX-License-Identifier: Apache-2.0
# The doors into the kernel and the way out. What needs no processor also compiles hosted.
set(KERNEL_ENTRY_HOSTED entry/dispatch.cpp entry/invoke.cpp entry/unit.cpp entry/wait.cpp)
set(KERNEL_ENTRY_SOURCES
    ${KERNEL_ENTRY_HOSTED}
    entry/fault.cpp
    entry/interrupt.cpp
    entry/leave.cpp
    entry/system_call.cpp)
