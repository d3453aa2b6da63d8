# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_cap_test
    SOURCES cap_operations_test.cpp cap_device_memory_test.cpp cap_fuzz_test.cpp fake_power.cpp
    LINKS kernel-hosted)
target_include_directories(kernel_cap_test PRIVATE ${CMAKE_SOURCE_DIR}/tests/guest)
