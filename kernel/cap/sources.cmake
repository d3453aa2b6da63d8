# SPDX-License-Identifier: Apache-2.0
# Kernel capabilities, one file a type. What touches no device also compiles hosted.
set(KERNEL_CAP_HOSTED
    cap/capability_page_cap.cpp
    cap/checkpoint_cap.cpp
    cap/clock_cap.cpp
    cap/device_memory_cap.cpp
    cap/discrim_cap.cpp
    cap/endpoint_cap.cpp
    cap/frame_range_cap.cpp
    cap/heap_cap.cpp
    cap/invocation.cpp
    cap/io_ports_cap.cpp
    cap/irq_cap.cpp
    cap/log_cap.cpp
    cap/null_cap.cpp
    cap/object_source_cap.cpp
    cap/page_cap.cpp
    cap/patt_cap.cpp
    cap/process_cap.cpp
    cap/restart_cap.cpp
    cap/schedule_cap.cpp
    cap/system_control_cap.cpp)
set(KERNEL_CAP_SOURCES ${KERNEL_CAP_HOSTED})
