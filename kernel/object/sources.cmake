# SPDX-License-Identifier: Apache-2.0
# Objects and capabilities.
set(KERNEL_OBJECT_HOSTED
    object/object_table.cpp object/capability.cpp object/capability_gc.cpp object/structure.cpp)
set(KERNEL_OBJECT_SOURCES ${KERNEL_OBJECT_HOSTED})
