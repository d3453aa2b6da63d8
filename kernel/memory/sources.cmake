# SPDX-License-Identifier: Apache-2.0
# Frames in RAM.
set(KERNEL_MEMORY_HOSTED
    memory/frame_cache.cpp memory/epoch.cpp memory/preserve.cpp memory/frame_writer.cpp memory/start.cpp)
set(KERNEL_MEMORY_SOURCES ${KERNEL_MEMORY_HOSTED})
