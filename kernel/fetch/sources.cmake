# SPDX-License-Identifier: Apache-2.0
# Frames that are wanted, and their arrival. All of it also compiles hosted.
set(KERNEL_FETCH_SOURCES fetch/requests.cpp fetch/supply.cpp)
set(KERNEL_FETCH_HOSTED ${KERNEL_FETCH_SOURCES})
