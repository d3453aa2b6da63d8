// SPDX-License-Identifier: Apache-2.0
// The end of a snapshot: durable (its frames are clean), or given up (they join the current epoch).
#pragma once

#include <snapshot/state.hpp>

#include <base/result.hpp>

namespace kernel {

// busy: frames are left to drain, or none is in flight; audit_failed: a frame of it broke a rule.
base::Result<> commit_snapshot(Kernel& kernel, std::uint64_t generation);
// The images are lost: whatever the snapshot held is dirty in the current epoch.
void abandon_snapshot(Kernel& kernel);

} // namespace kernel
