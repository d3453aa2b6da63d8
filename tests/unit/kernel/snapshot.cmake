# SPDX-License-Identifier: Apache-2.0
stele_test(NAME kernel_snapshot_test
    SOURCES snapshot_take_test.cpp snapshot_model_test.cpp snapshot_audit_test.cpp LINKS kernel-hosted)
