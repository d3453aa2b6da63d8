# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_mapping_test
    SOURCES mapping_walk_test.cpp mapping_fault_test.cpp mapping_evict_test.cpp
    LINKS kernel-hosted)
stele_test(NAME kernel_mapping_model_test SOURCES mapping_model_test.cpp TIMEOUT 180 LINKS kernel-hosted)
