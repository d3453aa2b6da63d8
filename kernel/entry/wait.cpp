// SPDX-License-Identifier: Apache-2.0
// Waiting for an absent frame or for memory.
#include <entry/wait.hpp>

#include <arch/user_state.hpp>
#include <fetch/supply.hpp>

namespace kernel {

bool wait_for_retry(Kernel& kernel, LiveIndex live, Error error) {
    expects(is_retry(error));
    auto& queue = queues(kernel);
    if (error == Error::no_memory) {
        // Woken when the drain has given frames back; until then the epoch has to end.
        memory(kernel).epoch.end_wanted = true;
        queue.block(live, WaitKey::of(WaitKey::Kind::memory));
        return true;
    }
    auto const frame = core(kernel).absent;
    auto const wanted = want_absent(kernel);
    if (wanted.error == Error::corrupt) return false;
    queue.block(live, wanted ? WaitKey::frame(frame) : WaitKey::of(WaitKey::Kind::wanted));
    return true;
}

void rewind(abi::Registers& registers) { registers.rip -= arch::system_call_length; }

} // namespace kernel
