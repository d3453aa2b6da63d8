// SPDX-License-Identifier: Apache-2.0
// Frames that the kernel wants: asked of the store, verified there, handed
// over; each gets exactly one answer.
//   wanted -> looking -> answered;   no free memory in the kernel: the answer waits and is given again
#pragma once

#include "status.hpp"

#include <base/fixed_vector.hpp>
#include <checkpoint/engine.hpp>
#include <runtime/client/log.hpp>
#include <runtime/client/object_source.hpp>

#include <cstdint>
#include <optional>

namespace migrator {

class FetchService {
public:
    FetchService(checkpoint::Engine& engine, Status& status, runtime::ObjectSource source, runtime::Log log)
        : engine_(engine), status_(status), source_(source), log_(log) {}

    // The kernel has posted that frames are wanted.
    void wanted() { more_ = true; }
    // One round: gives what is there, looks for what is asked. true: something was done.
    bool step();
    // An answer waits for memory: only a checkpoint makes frames clean, so the next
    // one should not wait for its time.
    bool starving() const { return waiting_.has_value(); }

private:
    static constexpr std::size_t asked_max = 6; // of one ObjectSource.requests

    bool deliver();
    // false: no memory, try again.
    bool give(checkpoint::Fetched const& fetched);
    bool ask();
    bool look();

    checkpoint::Engine& engine_;
    Status& status_;
    runtime::ObjectSource source_;
    runtime::Log log_;
    base::FixedVector<abi::FrameId, asked_max> pending_; // taken from the kernel, not yet given to the store
    std::optional<checkpoint::Fetched> waiting_;
    bool more_ = true; // what was wanted before we began has posted no event that we saw
};

} // namespace migrator
