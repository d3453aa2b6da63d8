// SPDX-License-Identifier: Apache-2.0
// F5: a page fault that the kernel resolves by itself, the page being in memory. The mapping is dropped
// before each touch by storing the same pair again. A neighbour stays mapped,
// so that the page table does too.
#include "figures.hpp"

#include "nodes.hpp"
#include "report.hpp"

namespace bench {

namespace {

using runtime::Patt;
using runtime::Result;

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
        samples.measure([&] { static_cast<void>(place.node.store(place.pair, place.prefix, Nodes::page())); },
                        [&] { touch(place.address); });
    if (faults() - faults_before < sample_count) return say(name, " failed: the touches did not fault");
    report(name, spread);
}

// The new root takes over everything else from the old space as its background.
Result<> one_node(Samples& samples, Nodes& nodes) {
    auto const root = TRY(nodes.make_root());
    auto const address = test_base + abi::frame_size;
    TRY(root.store(0, address, Nodes::page()));
    TRY(nodes.map_neighbour(root));
    TRY(own_process().set_slot(space_slot, root.target));
    measure_at(samples, "page-fault", {root, 0, address, address});
    return own_process().set_slot(space_slot, Nodes::old_space());
}

Result<> three_nodes(Samples& samples, Nodes& nodes) {
    constexpr std::uint8_t outer = 28, inner = 24;
    constexpr std::uint64_t last_block = (std::uint64_t{1} << outer) - (std::uint64_t{1} << inner);
    constexpr std::uint64_t last_page = (std::uint64_t{1} << inner) - abi::frame_size;
    constexpr auto background = static_cast<std::uint64_t>(abi::PattPrefix::background);
    auto const root = TRY(nodes.make(user_space_size, outer));
    auto const middle = TRY(nodes.make(outer, inner));
    auto const leaf = TRY(nodes.make(inner, abi::frame_bits));
    TRY(root.store(last_pair, test_base, middle.target));
    TRY(root.store(last_pair - 1, background, Nodes::old_space()));
    TRY(middle.store(last_pair, last_block, leaf.target));
    TRY(leaf.store(last_pair, last_page, Nodes::page()));
    TRY(leaf.store(last_pair - 1, last_page - abi::frame_size, Nodes::neighbour()));
    TRY(own_process().set_slot(space_slot, root.target));
    measure_at(samples, "page-fault-deep", {leaf, last_pair, last_page, test_base + last_block + last_page});
    return own_process().set_slot(space_slot, Nodes::old_space());
}

} // namespace

void measure_page_faults(Samples& samples, Nodes& nodes) {
    if (auto const done = one_node(samples, nodes); done.failed())
        report_failure("page-fault", "one node", done.error);
    if (auto const done = three_nodes(samples, nodes); done.failed())
        report_failure("page-fault-deep", "three nodes", done.error);
}

} // namespace bench
