// SPDX-License-Identifier: Apache-2.0
// The depend table: hashed by node.
#include <mapping/depend.hpp>

#include <mapping/page_table.hpp>

namespace kernel {

namespace {

constexpr unsigned node_index_bits = 3;
static_assert(abi::shape_of(abi::FrameType::patt).objects == 1 << node_index_bits);

constexpr std::uint32_t key_of(Target node) { return (node.frame << node_index_bits) | node.index; }
constexpr Target node_of(std::uint32_t key) {
    return {key >> node_index_bits, key & ((1u << node_index_bits) - 1)};
}

std::uint32_t& bucket_of(Mappings& state, std::uint32_t key) {
    auto const hash = (key * 0x9e37'79b1u) >> 7;
    return state.depend_buckets[hash & (state.depend_buckets.size() - 1)];
}

bool current(Mappings const& state, DependEntry const& entry) {
    return entry.serial != 0 && state.spaces[entry.space].serial == entry.serial;
}

unsigned span_bits(Target node) { return object_view<abi::Patt>(node.frame, node.index).size; }

void unlink(Mappings& state, std::uint32_t index) {
    auto* at = &bucket_of(state, state.depends[index].node);
    while (*at != index) {
        expects(*at != no_index);
        at = &state.depends[*at].pool_link;
    }
    *at = state.depends[index].pool_link;
    state.depends[index].node = no_index;
    state.depends.release(index);
}

bool is_of(Mappings const& state, DependEntry const& entry, SpaceIndex space, Walk const& walk) {
    if (entry.space != space || !current(state, entry)) return false;
    for (auto const& step : walk.trail)
        if (key_of(step.node) == entry.node && step.base == entry.base) return true;
    return false;
}

// Frees one entry of a full table. One of the walk that is just being recorded may stand under the hand.
bool evict_one(Kernel& kernel, SpaceIndex space, Walk const& walk) {
    auto& state = mappings(kernel);
    for (std::size_t looked = 0; looked < state.depends.size(); ++looked) {
        auto const index = state.depend_hand;
        state.depend_hand = (index + 1) % static_cast<std::uint32_t>(state.depends.size());
        auto const entry = state.depends[index];
        if (entry.node == no_index || is_of(state, entry, space, walk)) continue;
        if (current(state, entry))
            retire_range(kernel, entry.space, entry.base, span_bits(node_of(entry.node)));
        unlink(state, index);
        return true;
    }
    return false;
}

bool is_recorded(Mappings& state, SpaceIndex space, WalkStep const& step) {
    auto const key = key_of(step.node);
    auto const serial = state.spaces[space].serial;
    for (auto at = bucket_of(state, key); at != no_index; at = state.depends[at].pool_link) {
        auto const& entry = state.depends[at];
        if (entry.node == key && entry.serial == serial && entry.space == space && entry.base == step.base)
            return true;
    }
    return false;
}

} // namespace

bool add_depends(Kernel& kernel, SpaceIndex space, Walk const& walk) {
    auto& state = mappings(kernel);
    for (auto const& step : walk.trail) {
        if (is_recorded(state, space, step)) continue;
        if (state.depends.empty() && !evict_one(kernel, space, walk)) return false;
        auto const index = state.depends.allocate();
        auto const key = key_of(step.node);
        auto& head = bucket_of(state, key);
        state.depends[index] = DependEntry{head, key, space, state.spaces[space].serial, step.base};
        head = index;
    }
    return true;
}

void invalidate_through(Kernel& kernel, Target node, std::uint64_t first, unsigned bits) {
    auto& state = mappings(kernel);
    auto const key = key_of(node);
    for (auto at = bucket_of(state, key); at != no_index;) {
        auto const entry = state.depends[at];
        auto const here = at;
        at = entry.pool_link;
        if (entry.node != key) continue;
        if (current(state, entry)) retire_range(kernel, entry.space, entry.base + first, bits);
        else unlink(state, here);
    }
}

void forget_node(Kernel& kernel, Target node) {
    auto& state = mappings(kernel);
    auto const key = key_of(node);
    for (auto at = bucket_of(state, key); at != no_index;) {
        auto const entry = state.depends[at];
        auto const here = at;
        at = entry.pool_link;
        if (entry.node != key) continue;
        if (current(state, entry)) retire_range(kernel, entry.space, entry.base, span_bits(node));
        unlink(state, here);
    }
}

void forget_all_nodes(Kernel& kernel) {
    auto& state = mappings(kernel);
    for (auto& head : state.depend_buckets)
        while (head != no_index) unlink(state, head);
}

} // namespace kernel
