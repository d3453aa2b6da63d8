# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_object_test
    SOURCES object_capability_test.cpp object_collection_test.cpp object_structure_test.cpp
    LINKS kernel-hosted)
