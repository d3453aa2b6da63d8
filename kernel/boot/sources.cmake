# SPDX-License-Identifier: Apache-2.0
# The start of the machine, and the struct that holds all areas' state.
set(KERNEL_BOOT_SOURCES
    boot/start.S boot/accessors.cpp boot/description.cpp boot/init.cpp boot/kernel_state.cpp boot/machine.cpp
    boot/program_file.cpp boot/resident_space.cpp boot/residents.cpp boot/root_capabilities.cpp)
set(KERNEL_BOOT_HOSTED boot/accessors.cpp)
