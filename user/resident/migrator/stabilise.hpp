// SPDX-License-Identifier: Apache-2.0
// One snapshot at a time: taken by the kernel, drained into the store's buffers, committed, told.
//   idle -> reserving (taken; the store makes room) -> draining -> writing -> idle
// Whatever fails on the way abandons both sides: the kernel's dirty frames join the next snapshot.
#pragma once

#include "pacing.hpp"
#include "status.hpp"

#include <base/fixed_vector.hpp>
#include <checkpoint/engine.hpp>
#include <runtime/client/checkpoint.hpp>
#include <runtime/client/clock.hpp>
#include <runtime/client/endpoint.hpp>

#include <cstdint>

namespace migrator {

enum class Phase : std::uint8_t { idle, reserving, draining, writing };

class Stabilise {
public:
    struct Authority {
        runtime::Checkpoint checkpoint;
        runtime::Clock clock;
        runtime::Endpoint console; // hears of commits and failures
    };
    Stabilise(checkpoint::Engine& engine, Status& status, Pacing& pacing, Authority const& authority)
        : engine_(engine), status_(status), pacing_(pacing), authority_(authority) {}

    // One bounded step, with the time as read this round. true: something was done.
    bool step(std::uint64_t now);
    Phase phase() const { return phase_; }

private:
    static constexpr std::size_t frames_per_drain = 4;
    static constexpr unsigned refusals_max = 3;

    bool take(std::uint64_t now);
    bool reserve(std::uint64_t now);
    bool drain(std::uint64_t now);
    bool add_pending(std::uint64_t now);
    void finish(std::uint64_t now);
    bool conclude(std::uint64_t now);
    void committed(checkpoint::Generation generation, std::uint64_t now);
    bool abandon(abi::Error error, std::uint64_t now);
    void tell(std::uint64_t bits);

    checkpoint::Engine& engine_;
    Status& status_;
    Pacing& pacing_;
    Authority authority_;

    Phase phase_ = Phase::idle;
    runtime::Checkpoint::TakeResult snapshot_{};
    std::uint64_t began_ = 0;
    bool answers_ = false;  // somebody asked for this one
    unsigned refusals_ = 0; // audits that failed, in a row
    // Drained, not yet taken by the store.
    base::FixedVector<checkpoint::FrameImage, frames_per_drain> pending_;
    std::size_t added_ = 0; // of pending_
};

} // namespace migrator
