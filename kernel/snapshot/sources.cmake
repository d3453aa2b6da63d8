# SPDX-License-Identifier: Apache-2.0
# Snapshot.
set(KERNEL_SNAPSHOT_HOSTED snapshot/take.cpp snapshot/drain.cpp snapshot/release.cpp snapshot/audit.cpp)
set(KERNEL_SNAPSHOT_SOURCES ${KERNEL_SNAPSHOT_HOSTED})
