// SPDX-License-Identifier: Apache-2.0
// F2, F4 and F14: a round trip to another address space, a call that the kernel answers itself, and a
// capability that comes and goes.
#include "figures.hpp"

#include "checked.hpp"

#include <abi/objects/process.hpp>
#include <runtime/client/endpoint.hpp>
#include <runtime/client/patt.hpp>
#include <runtime/client/process.hpp>

namespace bench {

namespace {

using runtime::Slot;

constexpr Slot echo_entry(64);
constexpr Slot own_space(65);
constexpr Slot copied(69);
constexpr std::uint32_t caller_payload = 1;

constexpr Slot echo_program(abi::ProgramSlot part) {
    return Slot(abi::slot(abi::SupervisorSlot::program_base) + abi::slot(part));
}

} // namespace

void measure_known(Samples& samples) {
    report("known", samples.measure([] {}, [] { asm volatile(".rept 1000\n\tnop\n\t.endr"); }));
}

void measure_round_trip(Samples& samples) {
    runtime::Endpoint const endpoint{echo_program(abi::ProgramSlot::endpoint)};
    auto const made = endpoint.make_entry(caller_payload, echo_entry);
    if (made.failed()) return report_failure("round-trip", "makeEntry", made.error);
    auto const started = runtime::Process{echo_program(abi::ProgramSlot::process)}.resume(true);
    if (started.failed()) return report_failure("round-trip", "resume", started.error);

    auto const nothing = [] {};
    report_checked("round-trip", samples.measure(nothing, [] { bare_call(echo_entry, 0, 0); }));
    struct Row {
        std::string_view name;
        std::uint64_t words;
    };
    for (auto const row : {Row{"round-trip-stub", 1}, Row{"round-trip-4", 4}, Row{"round-trip-8", 8},
                           Row{"round-trip-32", 32}})
        report_checked(row.name, samples.measure(nothing, [row] {
            runtime::Message message(1);
            for (std::uint64_t i = 1; i < row.words; ++i) message.put(i);
            if (runtime::call(echo_entry, message).failed()) ++failures;
        }));
}

void measure_kernel_call(Samples& samples) {
    auto const found = runtime::Process{abi::SupervisorSlot::own_process}.get_slot(
        static_cast<std::uint64_t>(abi::ProcessSlot::address_space), own_space);
    if (found.failed()) return report_failure("kernel-call", "getSlot", found.error);
    auto const nothing = [] {};
    report_checked("kernel-call",
                   samples.measure(nothing, [] { bare_call(own_space, 1, abi::op::patt::shape); }));
    report_checked("kernel-call-stub", samples.measure(nothing, [] {
        if (runtime::Patt{own_space}.shape().failed()) ++failures;
    }));
    // A slot that holds nothing: what the way in and out costs.
    report("null-call", samples.measure(nothing, [] {
        BareMessage message{0, call_control(1).raw(), 0, 0};
        invoke(message);
    }));
}

// A capability into a free slot of this program's page, and null over it.
void measure_copies(Samples& samples) {
    report_checked("capability-copy",
                   samples.measure([] {},
                                   [] {
                                       count_failure(bare_copy(copied.number,
                                                               abi::slot(abi::SupervisorSlot::clock)) != 0);
                                       count_failure(bare_copy(copied.number, 0) != 0);
                                   }));
}

} // namespace bench
