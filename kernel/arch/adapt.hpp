// SPDX-License-Identifier: Apache-2.0
// The instructions of entry.S that not every processor has.
#pragma once

namespace kernel::arch {

// Puts others in their places. Once, before the kernel's code becomes read-only.
void adapt_instructions();

} // namespace kernel::arch
