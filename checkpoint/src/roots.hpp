// SPDX-License-Identifier: Apache-2.0
// The root slots of an open store: when to refresh one, and the refresh as a state machine.
//   idle ─want─► checking: both slots are read (R32) ─► writing: the older slot, both copies ─► written
//   written ─flush─► idle
//   The slot that is overwritten is never the newest valid one; one refresh at a time (R28).
#pragma once

#include <abi/disk/root_slot.hpp>
#include <abi/error.hpp>
#include <base/bytes.hpp>

#include <array>
#include <cstdint>

namespace checkpoint {

struct EngineState;

class Roots {
public:
    explicit Roots(EngineState& state) : state_(state) {}

    struct Known {
        abi::disk::RootSlot slot; // as read or written last
        bool valid = false;
        std::uint64_t generation = 0; // a restart may begin at it; 0: unknown
    };

    void init(base::Bytes buffer) { buffer_ = buffer; }
    static constexpr std::size_t buffer_size = 4 * 512;

    // What a slot written now says.
    abi::disk::RootSlot compose() const;
    void want() { wanted_ = true; }
    void after_commit();
    bool wanted() const { return wanted_; }
    bool busy() const { return phase_ != Phase::idle; }
    bool written() const { return phase_ == Phase::written; }
    // A slot that names these places as the next record's is written and waits for a flush.
    bool written_for(abi::disk::Twin const& next) const { return written() && writing_.next == next; }
    // ... or is durable, because somebody else's flush came first.
    bool durable_for(abi::disk::Twin const& next) const { return known_[newest()].slot.next == next; }
    // Such a slot is needed (R25). One that is under way may have been composed
    // before: it gets a flush of its own.
    void want_for_next() {
        alone_ = busy();
        wanted_ = true;
        failures_ = 0;
    }

    bool step();
    void read_done(std::uint16_t part, abi::Error error);
    void write_done(abi::Error error);
    void flush_done(); // of a flush submitted when written() was true
    void flush_failed();
    // A refresh that nobody's commit will flush: it has a flush of its own.
    void want_alone() {
        alone_ = true;
        if (!busy()) wanted_ = true;
    }
    // The refresh failed several times in a row; it is tried again when it is wanted anew.
    bool given_up() const { return failures_ >= attempts; }
    void try_again() { failures_ = given_up() ? 0 : failures_; }
    bool wants_flush() const { return alone_ && written(); }

    std::uint32_t newest() const { return known_[1].slot.sequence > known_[0].slot.sequence ? 1 : 0; }
    // The oldest checkpoint at which a restart may begin.
    std::uint64_t oldest_generation() const;
    std::array<Known, 2>& known() { return known_; }
    std::array<Known, 2> const& known() const { return known_; }
    // Used at boot, where everything waits: the slot to be written next and its bytes.
    std::uint32_t target() const;
    void set_durable(std::uint32_t index, abi::disk::RootSlot const& slot);

private:
    enum class Phase : std::uint8_t { idle, checking, writing, written };
    static constexpr std::uint32_t attempts = 3;
    bool foreign() const;
    void attempt_failed();

    EngineState& state_;
    std::array<Known, 2> known_{};
    Phase phase_ = Phase::idle;
    bool wanted_ = false;
    bool alone_ = false;
    bool failed_ = false;
    std::uint32_t failures_ = 0; // in a row
    std::uint32_t pending_ = 0;
    std::uint32_t target_ = 0;
    std::uint64_t commits_ = 0;
    std::uint64_t opened_at_ = 0;
    std::array<bool, 2> read_ok_{};
    abi::disk::RootSlot writing_;
    base::Bytes buffer_;
};

} // namespace checkpoint
