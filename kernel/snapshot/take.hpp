// SPDX-License-Identifier: Apache-2.0
// The stop: marking, never I/O. Cost by what is dirty, not by memory, objects, processes or what is mapped.
#pragma once

#include <snapshot/state.hpp>

#include <base/result.hpp>

namespace kernel {

struct Taken {
    std::uint64_t epoch = 0; // that ended
    std::uint64_t frames = 0;
};

// Called at the kernel's edge: no process's state is anywhere but in its frame, but for vector registers,
// which are written back here (R11). busy: a snapshot is in flight.
base::Result<Taken> take(Kernel& kernel);

} // namespace kernel
