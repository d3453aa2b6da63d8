# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_entry_test SOURCES entry_idle_test.cpp fake_power.cpp LINKS kernel-hosted)
