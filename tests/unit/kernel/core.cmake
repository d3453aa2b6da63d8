# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_core_test
    SOURCES core_boot_memory_test.cpp core_pool_test.cpp core_user_state_test.cpp LINKS kernel-hosted)
