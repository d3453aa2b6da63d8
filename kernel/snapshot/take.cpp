// SPDX-License-Identifier: Apache-2.0
// The stop.
#include <snapshot/take.hpp>

#include <mapping/write_grant.hpp>

#include <core/processor.hpp>

namespace kernel {

base::Result<Taken> take(Kernel& kernel) {
    auto& epoch = memory(kernel).epoch;
    if (epoch.in_flight) return fail(Error::busy);
    auto const started = __builtin_ia32_rdtsc();
    auto& processor = this_processor();
    if (processor.vector_loaded) write_back_vector_state(processor);
    harvest(kernel);

    // From here on what was dirty is frozen: its epoch is no longer the current one.
    expects(epoch.snapshot.empty() && epoch.stabilising.empty());
    epoch.snapshot = epoch.dirty;
    epoch.dirty = {};
    epoch.stabilising_epoch = epoch.current;
    ++epoch.current;
    epoch.in_flight = true;
    epoch.end_wanted = false;
    epoch.frozen_frames += epoch.snapshot.count;

    auto& state = snapshots(kernel);
    state.frames = epoch.snapshot.count;
    state.drained = 0;
    state.refused = false;
    ++state.takes;
    state.stop_instructions = __builtin_ia32_rdtsc() - started;
    return Taken{epoch.stabilising_epoch.raw(), state.frames};
}

} // namespace kernel
