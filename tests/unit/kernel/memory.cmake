# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_memory_test SOURCES memory_frame_cache_test.cpp memory_preserve_test.cpp
    LINKS kernel-hosted)
