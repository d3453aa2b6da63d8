// SPDX-License-Identifier: Apache-2.0
// The serial line of hosted tests is standard error; a test that provokes thousands of lines silences it.
#pragma once

namespace kernel::arch {

bool& fake_serial_silent();
void write_serial(char c);

} // namespace kernel::arch
