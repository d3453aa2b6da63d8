// SPDX-License-Identifier: Apache-2.0
// Commit and abandon.
#include <snapshot/release.hpp>

#include <memory/preserve.hpp>

#include <core/panic.hpp>

#include <abi/error.hpp>

namespace kernel {

using base::fail;
using Error = abi::Error;

base::Result<> commit_snapshot(Kernel& kernel, std::uint64_t generation) {
    auto& memory = kernel::memory(kernel);
    auto& epoch = memory.epoch;
    auto& state = snapshots(kernel);
    if (!epoch.in_flight || !epoch.snapshot.empty()) return fail(Error::busy);
    if (state.refused) return fail(Error::audit_failed);
    append(memory.frames, epoch.settled, epoch.stabilising);
    epoch.in_flight = false;
    state.refused_in_a_row = 0;
    state.committed_generation = generation;
    state.committed_frames = state.frames;
    return {};
}

void abandon_snapshot(Kernel& kernel) {
    auto& memory = kernel::memory(kernel);
    auto& epoch = memory.epoch;
    if (!epoch.in_flight) return;
    while (!epoch.snapshot.empty()) {
        auto const index = epoch.snapshot.head;
        take_off_list(memory, index);
        auto& frame = memory.frames[index];
        if (frame.state == FrameState::side) {
            release_side(memory, index);
            continue;
        }
        // Frozen and not drained: of the current epoch again. Its entries get their permission by faults.
        frame.epoch = epoch.current;
        frame.open = 0;
        push_on_list(memory, index);
    }
    for (auto* drained : {&epoch.stabilising, &epoch.thawed})
        while (!drained->empty()) make_dirty(memory, drained->head);
    epoch.in_flight = false;
    auto& state = snapshots(kernel);
    if (!state.refused) return;
    state.refused = false;
    // What breaks the rules is a mistake of the kernel: it must not go on for ever without a checkpoint.
    if (++state.refused_in_a_row == 3) panic("three snapshots in a row failed their audit");
}

} // namespace kernel
