// SPDX-License-Identifier: Apache-2.0
// The kernel's log of hosted tests goes to standard error; a test that provokes thousands of lines silences
// it.
#pragma once

namespace kernel::arch {

bool& fake_log_silent();

} // namespace kernel::arch
