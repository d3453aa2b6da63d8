# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_ipc_test
    SOURCES ipc_message_test.cpp ipc_event_test.cpp ipc_dispatch_test.cpp ipc_endpoint_test.cpp
        ipc_buffer_test.cpp ipc_buffer_snapshot_test.cpp ipc_fast_path_test.cpp
        fake_power.cpp LINKS kernel-hosted)
