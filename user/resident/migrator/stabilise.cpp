// SPDX-License-Identifier: Apache-2.0
// The way of a snapshot from Checkpoint.take to Checkpoint.commit.
#include "stabilise.hpp"

#include <abi/resident_events.hpp>
#include <abi/revision.hpp>

#include <array>
#include <bit>

namespace migrator {

namespace {

using Identity = base::Field<55, 0>;
using TypeTag = base::Field<63, 56>;
using Mark = base::Field<31, 0>;
using Live = base::Field<32, 32>;

checkpoint::FrameImage image_of(std::uint64_t identity, std::uint64_t version, base::ConstBytes content) {
    return {.frame = abi::FrameId(Identity::get(identity)),
            .type = static_cast<abi::FrameType>(TypeTag::get(identity)),
            .mark = abi::Version(static_cast<std::uint32_t>(Mark::get(version))),
            .live = Live::get(version) != 0,
            .content = content};
}

} // namespace

bool Stabilise::step(std::uint64_t now) {
    switch (phase_) {
    case Phase::idle: return pacing_.due(now) && take(now);
    case Phase::reserving: return reserve(now);
    case Phase::draining: return added_ < pending_.size() ? add_pending(now) : drain(now);
    case Phase::writing: return conclude(now);
    }
    unreachable();
}

bool Stabilise::take(std::uint64_t now) {
    auto const taken = authority_.checkpoint.take();
    if (taken.failed()) {
        status_.failed(taken.error);
        pacing_.failed(now, false);
        tell(abi::bits(abi::ConsoleEvent::failed));
        return false;
    }
    answers_ = pacing_.taken(now);
    snapshot_ = *taken;
    began_ = now;
    status_.counters.stop_nanoseconds = snapshot_.stop_nanoseconds;
    if (snapshot_.frames == 0) {
        // Nothing has changed since the newest checkpoint: it is this snapshot.
        committed(engine_.newest(), now);
        return true;
    }
    phase_ = Phase::reserving;
    return true;
}

bool Stabilise::reserve(std::uint64_t now) {
    auto const begun = engine_.begin_commit(static_cast<std::uint32_t>(snapshot_.frames));
    if (begun.error == abi::Error::busy) return false;
    if (begun.failed()) return abandon(begun.error, now);
    pending_.clear();
    added_ = 0;
    phase_ = Phase::draining;
    return true;
}

bool Stabilise::drain(std::uint64_t now) {
    auto const room = engine_.next_frame_buffer();
    if (room.empty()) return false;
    std::size_t const fits = room.size() / abi::frame_size;
    auto const count = static_cast<std::uint8_t>(fits < frames_per_drain ? fits : frames_per_drain);
    auto const drained = authority_.checkpoint.drain(std::bit_cast<std::uint64_t>(room.data()), count);
    if (drained.failed()) return abandon(drained.error, now);
    if (drained->frames == 0) {
        finish(now);
        return true;
    }
    std::array const identities{drained->identity0, drained->identity1, drained->identity2,
                                drained->identity3};
    std::array const versions{drained->version0, drained->version1, drained->version2, drained->version3};
    pending_.clear();
    added_ = 0;
    for (std::size_t i = 0; i < drained->frames && i < count; ++i)
        pending_.push_back(
            image_of(identities[i], versions[i], room.subspan(i * abi::frame_size, abi::frame_size)));
    return add_pending(now);
}

bool Stabilise::add_pending(std::uint64_t now) {
    bool worked = false;
    for (; added_ < pending_.size(); ++added_) {
        auto const taken = engine_.add(pending_[added_]);
        if (taken.error == abi::Error::busy) return worked;
        if (taken.failed()) return abandon(taken.error, now);
        worked = true;
    }
    return worked;
}

void Stabilise::finish(std::uint64_t now) {
    auto const wall = authority_.clock.wall();
    auto const finished = engine_.finish_commit({.time_ns = wall.failed() ? 0 : wall->nanoseconds,
                                                 .stop_ns = snapshot_.stop_nanoseconds,
                                                 .clock_base_ns = snapshot_.clock,
                                                 .processes = snapshot_.processes,
                                                 .abi_revision = abi::abi_revision});
    if (finished.failed()) abandon(finished.error, now);
    else phase_ = Phase::writing;
}

bool Stabilise::conclude(std::uint64_t now) {
    auto const state = engine_.commit_state();
    if (state != checkpoint::CommitState::committed && state != checkpoint::CommitState::failed) return false;
    auto const generation = engine_.take_commit();
    if (generation.failed()) return abandon(generation.error, now);
    ++status_.counters.commits;
    status_.counters.commit_nanoseconds = now - began_;
    committed(*generation, now);
    return true;
}

void Stabilise::committed(checkpoint::Generation generation, std::uint64_t now) {
    phase_ = Phase::idle;
    bool const changed = snapshot_.frames != 0;
    // The kernel lets the copies go and wakes who waits for this generation.
    if (auto const released = authority_.checkpoint.commit(generation.counter()); released.failed())
        status_.failed(released.error);
    refusals_ = 0;
    status_.now.committed_generation = generation.counter();
    status_.now.taken_at = snapshot_.clock;
    if (changed) {
        status_.now.frames = snapshot_.frames;
        pacing_.committed(now);
    }
    if (answers_) ++status_.now.requests_served;
    if (changed || answers_) tell(abi::bits(abi::ConsoleEvent::committed));
}

// Always true: giving up is something done.
bool Stabilise::abandon(abi::Error error, std::uint64_t now) {
    if (engine_.commit_state() == checkpoint::CommitState::open) engine_.abandon_commit();
    static_cast<void>(authority_.checkpoint.abandon());
    phase_ = Phase::idle;
    pending_.clear();
    added_ = 0;
    status_.failed(error);
    pacing_.failed(now, answers_);
    refusals_ = error == abi::Error::audit_failed ? refusals_ + 1 : refusals_;
    // A kernel that keeps breaking its rules must not write; a store that another
    // machine writes must be left alone.
    if (refusals_ >= refusals_max || error == abi::Error::foreign_boot) pacing_.stop();
    tell(abi::bits(abi::ConsoleEvent::failed));
    return true;
}

// Upwards go events only (R19); who has not been started yet is told nothing.
void Stabilise::tell(std::uint64_t bits) { static_cast<void>(authority_.console.post(bits)); }

} // namespace migrator
