// SPDX-License-Identifier: Apache-2.0
// A frame of PATTs, one after another.
#include "nodes.hpp"

#include <runtime/client/frame_range.hpp>
#include <runtime/client/heap.hpp>
#include <runtime/client/system_control.hpp>

#include <bit>

namespace bench {

namespace {

using runtime::Patt;
using runtime::Result;
using runtime::Slot;

constexpr Slot heap_slot(70), heap_page(71);
constexpr std::uint64_t first_node_slot = 80;
constexpr auto background = static_cast<std::uint64_t>(abi::PattPrefix::background);

} // namespace

Result<> Nodes::prepare() {
    runtime::FrameRange const range{abi::SupervisorSlot::frame_range};
    TRY(own_process().get_slot(space_slot, old_space()));
    TRY(range.make_heap(static_cast<std::uint8_t>(abi::FrameType::patt), heap_slot));
    TRY(range.claim(0, heap_page));
    frame_ = TRY(runtime::Heap{heap_slot}.admit(heap_page)).frame;
    TRY(range.claim(0, page()));
    return range.claim(0, neighbour());
}

Result<Patt> Nodes::make(std::uint8_t size, std::uint8_t residual) {
    Slot const slot(first_node_slot + count_);
    TRY(runtime::Heap{heap_slot}.object(frame_, count_++, slot));
    Patt const node{slot};
    TRY(node.set_shape(size, residual));
    return node;
}

Result<Patt> Nodes::make_root() {
    auto const root = TRY(make(user_space_size, abi::frame_bits));
    TRY(root.store(last_pair, background, old_space()));
    return root;
}

Result<> Nodes::map_neighbour(Patt root) { return root.store(1, test_base, neighbour()); }

std::uint64_t faults() {
    auto const counters = runtime::SystemControl{abi::SupervisorSlot::system_control}.counters();
    return counters.failed() ? 0 : counters->faults;
}

void touch(std::uint64_t address) {
    static_cast<void>(*std::bit_cast<std::uint64_t const volatile*>(address));
}

} // namespace bench
