# SPDX-License-Identifier: Apache-2.0
# Translation.
set(KERNEL_MAPPING_HOSTED
    mapping/page_table.cpp mapping/mapping_list.cpp mapping/depend.cpp mapping/patt_walk.cpp
    mapping/invalidate.cpp mapping/retire.cpp mapping/evict.cpp mapping/write_grant.cpp mapping/map_fault.cpp
    mapping/capability_walk.cpp mapping/user_memory.cpp mapping/install.cpp mapping/start.cpp)
set(KERNEL_MAPPING_SOURCES ${KERNEL_MAPPING_HOSTED})
