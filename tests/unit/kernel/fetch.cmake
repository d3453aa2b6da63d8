# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_fetch_test SOURCES fetch_requests_test.cpp fake_power.cpp LINKS kernel-hosted)
