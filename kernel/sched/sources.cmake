# SPDX-License-Identifier: Apache-2.0
# Who runs next, and who waits for what.
set(KERNEL_SCHED_SOURCES sched/live_set.cpp sched/queues.cpp sched/start_sched.cpp)
set(KERNEL_SCHED_HOSTED sched/live_set.cpp sched/queues.cpp)
