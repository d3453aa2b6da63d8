// SPDX-License-Identifier: Apache-2.0
// Which translations came through a node (F5): (node, space, base address of the node in the space). A slot
// write then knows the entries it makes stale from the slot's prefix and the node's
// residual; no entry is kept by slot.
#pragma once

#include <mapping/patt_walk.hpp>
#include <mapping/tables.hpp>

namespace kernel {

// Records that a translation of `space` goes through the nodes of this walk. A full table gives up its oldest
// entries with what they cover, but none of this walk. False: the table is too small for the walk.
bool add_depends(Kernel& kernel, SpaceIndex space, Walk const& walk);

// Retires the translations of [base + first, + 2^bits) in every space in which the node stands at some base.
void invalidate_through(Kernel& kernel, Target node, std::uint64_t first, unsigned bits);
// All translations through the node, and its depend entries.
void forget_node(Kernel& kernel, Target node);
// All depend entries. The caller drops all translations, too.
void forget_all_nodes(Kernel& kernel);

} // namespace kernel
