// SPDX-License-Identifier: Apache-2.0
// The figures of the kernel's own paths, taken by a program that starts in the supervisor's place.
#include "figures.hpp"

#include "nodes.hpp"
#include "report.hpp"

#include <runtime/client/system_control.hpp>
#include <runtime/invoke.hpp>
#include <runtime/program.hpp>

namespace {

constinit bench::Samples samples;
constinit bench::Nodes nodes;
constexpr std::uint8_t orderly_off = 0x10;

} // namespace

extern "C" int main(std::uint64_t) {
    samples.calibrate();
    bench::say("begin");
    bench::measure_known(samples);
    bench::measure_kernel_call(samples);
    bench::measure_copies(samples);
    bench::measure_round_trip(samples);
    bench::measure_passing_figures(samples);
    if (auto const prepared = nodes.prepare(); prepared.failed())
        bench::report_failure("page-fault", "frames for nodes", prepared.error);
    bench::measure_page_faults(samples, nodes);
    bench::measure_kept_faults(samples, nodes);
    bench::measure_process_creation(samples);
    bench::measure_page_hash(samples);
    bench::measure_mutations(samples);
    bench::say("end");
    static_cast<void>(runtime::SystemControl{abi::SupervisorSlot::system_control}.power_off(orderly_off));
    for (;;) runtime::yield();
}
