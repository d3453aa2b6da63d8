// SPDX-License-Identifier: Apache-2.0
// The snapshot in flight, and the counts that Checkpoint.status and Checkpoint.counters report.
#pragma once

#include <memory/epoch.hpp>

#include <cstdint>

namespace kernel {

struct SnapshotState {
    std::uint32_t frames = 0; // in the snapshot in flight
    std::uint32_t drained = 0;
    bool refused = false;               // a frame of it broke a rule: it will not be committed
    std::uint32_t refused_in_a_row = 0; // the third stops the machine
    std::uint64_t committed_generation = 0;
    std::uint64_t committed_frames = 0;
    // Persistent-clock times, set by the callers of take and commit: of the committed one, then of the one in
    // flight.
    std::uint64_t committed_at = 0;
    std::uint64_t taken_at = 0;
    std::uint64_t in_flight_taken_at = 0;

    // Counts since boot.
    std::uint64_t takes = 0;
    std::uint64_t stop_instructions = 0; // of the newest take: time-stamp counter difference
    std::uint64_t user_ns_in_flight = 0; // persistent user mode while a snapshot was in flight; leave() adds
    std::uint64_t drained_frames = 0;
};

SnapshotState& snapshots(Kernel& kernel);
SnapshotState const& snapshots(Kernel const& kernel);

} // namespace kernel
