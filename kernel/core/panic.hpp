// SPDX-License-Identifier: Apache-2.0
// The end of the kernel by its own mistake: says what, where from (symbolised), and leaves with
// ExitValue::panic. Nothing that user mode, the disk or a device does may lead here.
#pragma once

#include <core/log.hpp>

namespace kernel {

[[noreturn]] void end_panic();
void begin_panic();

template <class... Parts>
[[noreturn]] void panic(Parts const&... parts) {
    begin_panic();
    log("panic: ", parts...);
    end_panic();
}

} // namespace kernel
