// SPDX-License-Identifier: Apache-2.0
// Interrupts become events; the timer ends slices, wakes sleepers and fires alarms.
#include <arch/interrupts.hpp>
#include <core/entries.hpp>
#include <core/processor.hpp>
#include <entry/leave.hpp>
#include <entry/unit.hpp>
#include <ipc/event.hpp>
#include <sched/persistent_clock.hpp>

namespace kernel {

namespace {

void tick(Kernel& kernel) {
    auto& queue = queues(kernel);
    auto const now = persistent_clock(kernel).now();
    queue.wake_sleepers(now);
    for (auto event = kernel_events(kernel).take_due(now); event.bound();
         event = kernel_events(kernel).take_due(now))
        post_bound(kernel, event);
    queue.end_slice();
}

// Masked until Irq.acknowledge: the line stays up until the driver has looked at its device.
void line(Kernel& kernel, std::uint32_t number) {
    arch::mask_line(number);
    post_bound(kernel, kernel_events(kernel).lines[number]);
}

} // namespace

void entry_interrupt(std::uint64_t vector) {
    auto& processor = this_processor();
    auto& kernel = kernel_state();
    begin_unit(kernel);
    ++processor.interrupts;
    arch::end_of_interrupt();
    constexpr auto messages_end = arch::first_message_vector + arch::message_count;
    if (vector == arch::timer_vector) tick(kernel);
    else if (vector >= arch::first_message_vector && vector < messages_end)
        post_bound(kernel, kernel_events(kernel).messages[vector - arch::first_message_vector]);
    else if (vector >= arch::first_line_vector && vector < arch::first_line_vector + arch::line_count)
        line(kernel, static_cast<std::uint32_t>(vector - arch::first_line_vector));
    leave(kernel, processor);
}

} // namespace kernel
