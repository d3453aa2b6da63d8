# SPDX-License-Identifier: Apache-2.0
# Messages, events and faults between processes. All of it also compiles hosted.
set(KERNEL_IPC_SOURCES
    ipc/buffer.cpp
    ipc/delivery.cpp
    ipc/event.cpp
    ipc/fast_path.cpp
    ipc/keeper.cpp
    ipc/kernel_events.cpp
    ipc/receive.cpp
    ipc/reply.cpp
    ipc/send.cpp)
set(KERNEL_IPC_HOSTED ${KERNEL_IPC_SOURCES})
