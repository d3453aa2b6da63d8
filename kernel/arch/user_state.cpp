// SPDX-License-Identifier: Apache-2.0
// Segment bases of the process that is to run next.
#include <arch/user_state.hpp>

extern "C" void clear_segments();

namespace kernel::arch {

void load_segments(abi::Registers const& registers) {
    clear_segments();
    write_msr(Msr::fs_base, registers.fs_base);
    // SWAPGS on the way out makes it the process's gs.
    write_msr(Msr::kernel_gs_base, registers.gs_base);
}

} // namespace kernel::arch
