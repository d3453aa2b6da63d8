// SPDX-License-Identifier: Apache-2.0
// What a change of a node makes stale.
#include <mapping/invalidate.hpp>

namespace kernel {

namespace {

void invalidate_prefix(Kernel& kernel, PattRef node, std::uint64_t prefix) {
    if (prefix == static_cast<std::uint64_t>(abi::PattPrefix::background)) {
        // Whatever no slot matched went through the background.
        invalidate_through(kernel, node.target(), 0, node->size);
        return;
    }
    // An empty slot and a keeper translate nothing.
    if ((prefix & 1) != 0) return;
    invalidate_through(kernel, node.target(), prefix, node->residual);
}

} // namespace

void invalidate_slot(Kernel& kernel, PattRef node, unsigned slot, std::uint64_t new_prefix) {
    expects(slot < abi::patt_slots);
    auto const old_prefix = node->prefixes[slot];
    invalidate_prefix(kernel, node, old_prefix);
    // The new block may have been translated by the background until now.
    if (new_prefix != old_prefix) invalidate_prefix(kernel, node, new_prefix);
}

void invalidate_node(Kernel& kernel, PattRef node) { forget_node(kernel, node.target()); }

} // namespace kernel
