// SPDX-License-Identifier: Apache-2.0
// Checked before committed (R15): the rules of one image, against what memory knows of its capabilities'
// targets; and, for tests and debug builds, the invariants of the kernel's caches over all of memory.
#pragma once

#include <object/structure.hpp>
#include <snapshot/drain.hpp>

namespace kernel {

// Content with capabilities unprepared. Stale capabilities are legal.
Finding audit_image(Kernel& kernel, FrameImage const& image, base::ConstBytes content);

// Every invariant stated in the headers of memory, object and mapping. Not
// bounded: for tests and amnesia builds.
Finding audit_caches(Kernel& kernel);

} // namespace kernel
