// SPDX-License-Identifier: Apache-2.0
// Before a PATT changes: the translations that the change makes stale die. Called by Patt.store,
// Patt.setShape and by the destruction of a node, before the write.
#pragma once

#include <mapping/depend.hpp>

namespace kernel {

// Slot `slot` of the node is about to get this prefix: drops what came through the old
// pair, and what the new one hides.
void invalidate_slot(Kernel& kernel, PattRef node, unsigned slot, std::uint64_t new_prefix);
// Size or residual is about to change: all that came through the node.
void invalidate_node(Kernel& kernel, PattRef node);

} // namespace kernel
