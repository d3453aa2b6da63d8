# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_sched_test SOURCES sched_queues_test.cpp LINKS kernel-hosted)
