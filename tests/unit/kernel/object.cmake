# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_object_test
    SOURCES object_capability_test.cpp object_collection_test.cpp object_structure_test.cpp
    LINKS kernel-hosted)
stele_test(NAME kernel_object_model_test SOURCES object_model_test.cpp TIMEOUT 180 LINKS kernel-hosted)
