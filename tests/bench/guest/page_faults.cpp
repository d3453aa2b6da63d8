// SPDX-License-Identifier: Apache-2.0
// F5: a page fault that the kernel resolves by itself, the page being in memory. The mapping is dropped
// before each touch by storing the same pair again. A neighbour stays mapped,
// so that the page table does too.
#include "figures.hpp"

#include "report.hpp"

#include <abi/objects/patt.hpp>
#include <abi/objects/process.hpp>
#include <runtime/client/frame_range.hpp>
#include <runtime/client/heap.hpp>
#include <runtime/client/patt.hpp>
#include <runtime/client/process.hpp>
#include <runtime/client/system_control.hpp>

#include <bit>

namespace bench {

namespace {

using runtime::Error;
using runtime::Patt;
using runtime::Result;
using runtime::Slot;

constexpr Slot heap_slot(70), heap_page(71), old_space(72), page(73), neighbour(74);
constexpr std::uint64_t first_node_slot = 80;
constexpr std::uint64_t test_base = 0x3000'0000'0000;
constexpr std::uint8_t user_space_size = 47;
constexpr std::uint64_t last_pair = abi::patt_slots - 1;
constexpr auto background = static_cast<std::uint64_t>(abi::PattPrefix::background);
constexpr auto space_slot = static_cast<std::uint64_t>(abi::ProcessSlot::address_space);

// PATTs of this program's own, and two pages to map.
class Nodes {
public:
    Result<> prepare() {
        runtime::FrameRange const range{abi::SupervisorSlot::frame_range};
        TRY(range.make_heap(static_cast<std::uint8_t>(abi::FrameType::patt), heap_slot));
        TRY(range.claim(0, heap_page));
        frame_ = TRY(runtime::Heap{heap_slot}.admit(heap_page)).frame;
        TRY(range.claim(0, page));
        return range.claim(0, neighbour);
    }
    Result<Patt> make(std::uint8_t size, std::uint8_t residual) {
        Slot const slot(first_node_slot + count_);
        TRY(runtime::Heap{heap_slot}.object(frame_, count_++, slot));
        Patt const node{slot};
        TRY(node.set_shape(size, residual));
        return node;
    }

private:
    std::uint64_t frame_ = 0;
    std::uint8_t count_ = 0;
};

runtime::Process own_process() { return runtime::Process{abi::SupervisorSlot::own_process}; }

std::uint64_t faults() {
    auto const counters = runtime::SystemControl{abi::SupervisorSlot::system_control}.counters();
    return counters.failed() ? 0 : counters->faults;
}

void touch(std::uint64_t address) {
    static_cast<void>(*std::bit_cast<std::uint64_t const volatile*>(address));
}

// Where the page is mapped: the pair that is stored again, and its address.
struct Place {
    Patt node;
    std::uint64_t pair;
    std::uint64_t prefix;
    std::uint64_t address;
};

void measure_at(Samples& samples, std::string_view name, Place place) {
    touch(place.address - abi::frame_size);
    touch(place.address);
    auto const faults_before = faults();
    auto const spread =
        samples.measure([&] { static_cast<void>(place.node.store(place.pair, place.prefix, page)); },
                        [&] { touch(place.address); });
    if (faults() - faults_before < sample_count) return say(name, " failed: the touches did not fault");
    report(name, spread);
}

// The new root takes over everything else from the old space as its background.
Result<> one_node(Samples& samples, Nodes& nodes) {
    auto const root = TRY(nodes.make(user_space_size, abi::frame_bits));
    auto const address = test_base + abi::frame_size;
    TRY(root.store(0, address, page));
    TRY(root.store(1, test_base, neighbour));
    TRY(root.store(last_pair, background, old_space));
    TRY(own_process().set_slot(space_slot, root.target));
    measure_at(samples, "page-fault", {root, 0, address, address});
    return own_process().set_slot(space_slot, old_space);
}

Result<> three_nodes(Samples& samples, Nodes& nodes) {
    constexpr std::uint8_t outer = 28, inner = 24;
    constexpr std::uint64_t last_block = (std::uint64_t{1} << outer) - (std::uint64_t{1} << inner);
    constexpr std::uint64_t last_page = (std::uint64_t{1} << inner) - abi::frame_size;
    auto const root = TRY(nodes.make(user_space_size, outer));
    auto const middle = TRY(nodes.make(outer, inner));
    auto const leaf = TRY(nodes.make(inner, abi::frame_bits));
    TRY(root.store(last_pair, test_base, middle.target));
    TRY(root.store(last_pair - 1, background, old_space));
    TRY(middle.store(last_pair, last_block, leaf.target));
    TRY(leaf.store(last_pair, last_page, page));
    TRY(leaf.store(last_pair - 1, last_page - abi::frame_size, neighbour));
    TRY(own_process().set_slot(space_slot, root.target));
    measure_at(samples, "page-fault-deep", {leaf, last_pair, last_page, test_base + last_block + last_page});
    return own_process().set_slot(space_slot, old_space);
}

} // namespace

void measure_page_faults(Samples& samples) {
    Nodes nodes;
    if (auto const found = own_process().get_slot(space_slot, old_space); found.failed())
        return report_failure("page-fault", "getSlot", found.error);
    if (auto const prepared = nodes.prepare(); prepared.failed())
        return report_failure("page-fault", "frames for nodes", prepared.error);
    if (auto const done = one_node(samples, nodes); done.failed())
        report_failure("page-fault", "one node", done.error);
    if (auto const done = three_nodes(samples, nodes); done.failed())
        report_failure("page-fault-deep", "three nodes", done.error);
}

} // namespace bench
