// SPDX-License-Identifier: Apache-2.0
// F1, F2b, F2c and F3: one way of a call, a capability that is passed, events, and the switch of spaces
// alone.
#include "figures.hpp"

#include "checked.hpp"
#include "partner.hpp"

#include <abi/operations/endpoint.hpp>
#include <runtime/client/endpoint.hpp>

namespace bench {

namespace {

using runtime::Result;
using runtime::Slot;
using Control = abi::ControlWord;

constexpr std::uint32_t caller_payload = 1;
constexpr Slot partner_entry(66);
constexpr runtime::Endpoint partner_endpoint{partner(abi::ProgramSlot::endpoint)};
constexpr auto nothing = [] {};

// From before the call to the partner's second instruction after it; its answer is the time.
std::uint64_t one_way(std::uint64_t words) {
    BareMessage message{0, call_control(words).raw(), partner_entry.number, 0};
    auto const start = timestamp();
    invoke(message);
    count_failure(message.result != 0 || message.word < start);
    return message.word - start;
}

Result<> measure_one_way(Samples& samples) {
    TRY(partner_endpoint.make_entry(caller_payload, partner_entry));
    TRY(start_partner(Role::timekeeper));
    report_checked("one-way", samples.collect(nothing, [] { return one_way(0); }));
    report_checked("one-way-4", samples.collect(nothing, [] { return one_way(4); }));
    return {};
}

// The receiver's slot holds the capability of the message before: that one is deleted on the way.
Result<> measure_passing(Samples& samples) {
    TRY(start_partner(Role::receiver));
    runtime::runtime_virtual_registers->send_slots[0] = abi::slot(abi::SupervisorSlot::clock);
    report_checked("round-trip-capability", samples.measure(nothing, [] {
        BareMessage message{0, call_control(0).with<Control::Capabilities>(1).raw(), partner_entry.number, 0};
        invoke(message);
        count_failure(message.result != 0);
    }));
    return {};
}

Result<> measure_events(Samples& samples) {
    TRY(give_partner(PartnerSlot::target, abi::SupervisorSlot::own_endpoint));
    TRY(start_partner(Role::poster));
    report_checked("event-round-trip", samples.measure(nothing, [] {
        bare_operation(partner_endpoint.target, abi::op::endpoint::post, 1);
        count_failure(bare_receive(0) != abi::MessageKind::event);
    }));
    return {};
}

// Two yields with nobody else, and with another process of the same priority in a space of its own: the
// difference is there and back again.
Result<> measure_switches(Samples& samples) {
    auto const twice = [] {
        bare_yield();
        bare_yield();
    };
    TRY(stop_partner());
    report("two-yields-alone", samples.measure(nothing, twice));
    TRY(start_partner(Role::yielder));
    report("yields-there-and-back", samples.measure(nothing, bare_yield));
    return stop_partner();
}

} // namespace

void measure_passing_figures(Samples& samples) {
    struct Step {
        std::string_view name;
        Result<> (*measure)(Samples&);
    };
    for (auto const& step :
         {Step{"one-way", measure_one_way}, Step{"round-trip-capability", measure_passing},
          Step{"event-round-trip", measure_events}, Step{"yields-there-and-back", measure_switches}})
        if (auto const done = step.measure(samples); done.failed())
            report_failure(step.name, "the partner", done.error);
}

} // namespace bench
