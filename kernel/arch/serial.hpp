// SPDX-License-Identifier: Apache-2.0
// The first serial port (16550), polled: for the kernel's log until a console driver
// takes it over, and for panics.
#pragma once

namespace kernel::arch {

void start_serial();
void write_serial(char c);

} // namespace kernel::arch
