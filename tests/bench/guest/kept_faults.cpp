// SPDX-License-Identifier: Apache-2.0
// F6 and F6a: page faults by way of a keeper in user mode.
#include "figures.hpp"

#include "checked.hpp"
#include "nodes.hpp"
#include "partner.hpp"

#include <abi/operations/restart.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/patt.hpp>

namespace bench {

namespace {

using runtime::Endpoint;
using runtime::Process;
using runtime::Result;
using runtime::Slot;

constexpr Slot keeper_entry(67), restart(68);
constexpr auto keeper_slot = static_cast<std::uint64_t>(abi::ProcessSlot::keeper);
constexpr auto empty_pair = static_cast<std::uint64_t>(abi::PattPrefix::invalid);
constexpr Process faulting{partner(abi::ProgramSlot::process)};

// This program is the keeper: from its resumption of the partner, which faults on the same address at once,
// to the next fault.
Result<> without_mapping(Samples& samples) {
    TRY(Endpoint{abi::SupervisorSlot::own_endpoint}.make_entry(1, keeper_entry));
    TRY(faulting.set_slot(keeper_slot, keeper_entry));
    runtime::runtime_virtual_registers->receive_slots[0] = restart.number;
    TRY(start_partner(Role::faulter));
    count_failure(bare_receive(1) != abi::MessageKind::fault);
    report_checked("kept-fault",
                   samples.measure([] {},
                                   [] {
                                       bare_operation(restart, abi::op::restart::resume, 1);
                                       count_failure(bare_receive(1) != abi::MessageKind::fault);
                                   }));
    TRY(stop_partner());
    return faulting.set_slot(keeper_slot, Slot());
}

// The partner is the keeper: it stores one pair of this program's own node and resumes it.
Result<> with_mapping(Samples& samples, Nodes& nodes) {
    auto const root = TRY(nodes.make_root());
    TRY(nodes.map_neighbour(root));
    TRY(give_partner(PartnerSlot::node, root.target));
    TRY(give_partner(PartnerSlot::page, nodes.page()));
    TRY(start_partner(Role::keeper));
    TRY(Endpoint{partner(abi::ProgramSlot::endpoint)}.make_entry(1, keeper_entry));
    TRY(own_process().set_slot(keeper_slot, keeper_entry));
    TRY(own_process().set_slot(space_slot, root.target));
    auto const faults_before = faults();
    auto const unmap = [&] { count_failure(root.store(0, empty_pair, Slot()).failed()); };
    auto const spread = samples.measure(unmap, [] { touch(kept_address); });
    if (faults() - faults_before < sample_count) say("kept-fault-mapped failed: the touches did not fault");
    else report_checked("kept-fault-mapped", spread);
    TRY(own_process().set_slot(space_slot, Nodes::old_space()));
    TRY(own_process().set_slot(keeper_slot, Slot()));
    return stop_partner();
}

} // namespace

void measure_kept_faults(Samples& samples, Nodes& nodes) {
    if (auto const done = without_mapping(samples); done.failed())
        report_failure("kept-fault", "the keeper", done.error);
    if (auto const done = with_mapping(samples, nodes); done.failed())
        report_failure("kept-fault-mapped", "the keeper", done.error);
}

} // namespace bench
