// SPDX-License-Identifier: Apache-2.0
// Verification and installation of frames that come from the store.
#include <fetch/supply.hpp>

#include <ipc/event.hpp>
#include <sched/queues.hpp>

namespace kernel {

namespace {

// The answer to a request: whoever waits for the frame, or for a place in the table, tries again.
void wake_waiters(Kernel& kernel, abi::FrameId id) {
    if (requests(kernel).finish(id)) queues(kernel).wake_all(WaitKey::of(WaitKey::Kind::wanted));
    queues(kernel).wake_all(WaitKey::frame(id));
}

} // namespace

Result<> want_absent(Kernel& kernel) {
    auto const frame = core(kernel).absent;
    if (requests(kernel).is_lost(frame)) return fail(Error::corrupt);
    if (TRY(requests(kernel).want(frame))) post_bound(kernel, kernel_events(kernel).frames_wanted);
    return {};
}

Result<> supply_frame(Kernel& kernel, FrameCache::Identity identity, base::ConstBytes content) {
    if (!identity.id.is_persistent() || identity.id.number() == 0) return fail(Error::bad_argument);
    auto const installed = content.empty() ? install_absent(kernel, identity.id, identity.mark)
                                           : install_supplied(kernel, identity, content);
    if (installed.error == Error::no_memory) return fail(Error::no_memory);
    if (installed.error == Error::corrupt) lose_frame(kernel, identity.id);
    else wake_waiters(kernel, identity.id);
    if (installed.failed()) return fail(installed.error);
    memory(kernel).frames[*installed].set(PageFrame::promised);
    return {};
}

void lose_frame(Kernel& kernel, abi::FrameId id) {
    requests(kernel).remember_lost(id);
    wake_waiters(kernel, id);
}

} // namespace kernel
