// SPDX-License-Identifier: Apache-2.0
// Choosing the next process, again and again until one is ready in every respect.
#include <entry/leave.hpp>

#include <arch/clock.hpp>
#include <arch/tlb.hpp>
#include <arch/user_state.hpp>
#include <core/log.hpp>
#include <entry/dispatch.hpp>
#include <ipc/event.hpp>
#include <mapping/tables.hpp>

namespace kernel {

namespace {

[[noreturn]] void return_to_user(Kernel& kernel, Processor& processor) {
    if (memory(kernel).epoch.in_flight && processor.process_frame.is_persistent()) [[unlikely]]
        queues(kernel).user_time.since = arch::now_ns();
    core(kernel).lock.release();
    arch::return_to_user(processor.registers);
}

// The running process may go on as it is.
bool goes_on(Kernel const& kernel) {
    auto const& queue = queues(kernel);
    auto const& tables = mappings(kernel);
    return queue.running() != no_process && !queue.reschedule() && tables.loaded != no_index;
}

void put_running_back(Queues& queue) {
    if (queue.running() != no_process) queue.preempt_running();
}

} // namespace

void enter_user(Kernel& kernel, Processor& processor, Dispatched const& next) {
    auto const id = frame_id(kernel, next.process.frame);
    if (processor.process != next.object || processor.process_frame != id)
        set_running(processor, {next.object, id, next.process.frame});
    return_to_user(kernel, processor);
}

void leave(Kernel& kernel, Processor& processor) {
    auto& queue = queues(kernel);
    auto& epoch = memory(kernel).epoch;
    if (epoch.end_wanted) [[unlikely]] {
        epoch.end_wanted = false;
        post_bound(kernel, kernel_events(kernel).checkpoint_wanted);
    }
    if (kernel_log().take_news()) [[unlikely]]
        post_bound(kernel, kernel_events(kernel).logged);
    if (goes_on(kernel)) return_to_user(kernel, processor);
    put_running_back(queue);
    for (auto live = queue.take_next(); live != no_process; live = queue.take_next()) {
        Dispatched next;
        if (!prepare_running(kernel, next)) {
            expects(queue.running() != live);
            continue;
        }
        queue.clear_reschedule();
        enter_user(kernel, processor, next);
    }
    set_idle(processor);
    arch::load_space(arch::kernel_space());
    processor.space = arch::kernel_space();
    mappings(kernel).loaded = no_index;
    core(kernel).lock.release();
    arch::idle();
}

} // namespace kernel
