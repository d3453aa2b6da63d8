// SPDX-License-Identifier: Apache-2.0
// Frames get content and a name: non-persistent ones made here, persistent ones supplied by the migrator.
#pragma once

#include <mapping/evict.hpp>

namespace kernel {

// A zeroed non-persistent frame, named by its physical number (boot number 0: this boot), unpinned (transient
// frames are never evicted). no_memory.
Result<FrameIndex> install_transient(Kernel& kernel, abi::FrameType type);

// A persistent frame with the store's content, which is copied first and then checked (R15).
//   in_use: resident already; corrupt: the content breaks a rule of its type; no_memory.
Result<FrameIndex> install_supplied(Kernel& kernel, FrameCache::Identity identity, base::ConstBytes content);

// A persistent frame that the store has no content for: free, zero, with this mark. in_use | no_memory.
Result<FrameIndex> install_absent(Kernel& kernel, abi::FrameId id, abi::Version mark);

} // namespace kernel
