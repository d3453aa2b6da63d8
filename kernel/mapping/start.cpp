// SPDX-License-Identifier: Apache-2.0
// Storage of the pools.
#include <mapping/start.hpp>

#include <arch/direct_map.hpp>
#include <core/limits.hpp>

#include <bit>

namespace kernel {

namespace {

template <class T>
std::span<T> take(BootMemory& boot, std::size_t count) {
    return arch::physical_array<T>(boot.take(count * sizeof(T)), count);
}

} // namespace

void start_mappings(Kernel& kernel, BootMemory& boot) {
    auto const sizes = pool_sizes(memory(kernel).frames.size());
    objects(kernel).start(take<ObjectEntry>(boot, sizes.objects));
    auto& state = mappings(kernel);
    state.tables.start(take<HardwareTable>(boot, sizes.page_tables_max));
    state.nodes.start(take<MappingNode>(boot, sizes.mappings));
    state.depends.start(take<DependEntry>(boot, sizes.dependencies));
    for (auto index = sizes.dependencies; index-- > 0;) state.depends[index].node = no_index;
    state.depend_buckets = take<std::uint32_t>(boot, std::bit_ceil(std::size_t{sizes.dependencies}));
    for (auto& head : state.depend_buckets) head = no_index;
    state.spaces.start(state.space_storage);
    for (auto& head : state.space_heads) head = no_index;
}

} // namespace kernel
