// SPDX-License-Identifier: Apache-2.0
// The root slots of an open store.
#include "roots.hpp"

#include "state.hpp"

#include <store/root_slots.hpp>

#include <abi/revision.hpp>

#include <algorithm>

namespace checkpoint {

using namespace abi::disk;

RootSlot Roots::compose() const {
    auto slot = known_[newest()].slot; // identity, geometry, label stay
    auto const& record = state_.newest();
    ++slot.sequence;
    slot.slot = target();
    slot.format_revision = abi::format_revision;
    slot.incompat |= incompat_moves | incompat_gone; // what this writer may do
    slot.abi_revision = record.abi_revision;
    slot.boot = state_.report.boot;
    slot.nonce = state_.nonce;
    slot.generation = record.generation;
    slot.record_hash = record.hash;
    slot.record = record.self;
    slot.next = state_.next;
    return slot;
}

// Never the newest valid one.
std::uint32_t Roots::target() const {
    auto const newest_valid = known_[newest()].valid ? newest() : 1 - newest();
    return 1 - newest_valid;
}

std::uint64_t Roots::oldest_generation() const {
    return std::min(known_[0].generation, known_[1].generation);
}

void Roots::set_durable(std::uint32_t index, RootSlot const& slot) {
    known_[index] = {slot, true, slot.generation};
    commits_ = 0;
    opened_at_ = state_.segments.opened();
    state_.segments.promote(oldest_generation());
    ++state_.counters.slot_refreshes;
}

// R28: at least every 64 commits; earlier when segments wait for it (R27) and the
// log is running out of free ones.
void Roots::after_commit() {
    ++commits_;
    auto const& segments = state_.segments;
    auto const opened = segments.opened() - opened_at_;
    failures_ = 0;
    if (commits_ >= refresh_after / 2 || opened * 16 >= segments.usable()) wanted_ = true;
    if (segments.pending() > 0 && segments.free() < segments.usable() / 2) wanted_ = true;
}

bool Roots::step() {
    if (phase_ == Phase::idle && wanted_ && state_.stopped == Error::none) {
        wanted_ = false;
        failed_ = false;
        phase_ = Phase::checking;
        pending_ = 2;
        for (std::uint16_t i = 0; i < 2; ++i)
            state_.submit(Owner::slot_read, i, store::Priority::commit,
                          {store::RequestKind::read, 0, state_.geometry.slot_offset(i, 0),
                           buffer_.subspan(i * sector_size, sector_size)});
        return true;
    }
    if (phase_ == Phase::checking && pending_ == 0) {
        if (foreign()) {
            state_.stopped = Error::foreign_boot;
            phase_ = Phase::idle;
            return true;
        }
        target_ = target();
        writing_ = compose();
        auto const sector = buffer_.subspan(2 * sector_size, sector_size);
        store::encode_slot(writing_, sector);
        writing_.hash = base::read<RootSlot>(sector).hash;
        phase_ = Phase::writing;
        pending_ = 2;
        for (std::uint16_t copy = 0; copy < 2; ++copy)
            state_.submit(Owner::slot_write, copy, store::Priority::commit,
                          {store::RequestKind::write, 0, state_.geometry.slot_offset(target_, copy), sector});
        state_.counters.bytes_rooted += 2 * sector_size;
        return true;
    }
    if (phase_ == Phase::writing && pending_ == 0) {
        phase_ = failed_ ? Phase::idle : Phase::written;
        if (failed_) attempt_failed();
        return true;
    }
    return false;
}

void Roots::read_done(std::uint16_t part, Error error) {
    read_ok_[part] = error == Error::none;
    --pending_;
}

void Roots::write_done(Error error) {
    if (error != Error::none) failed_ = true;
    --pending_;
}

// R32: a slot that is valid, of this store, and neither as we found it nor as we wrote it, was written by
// another machine.
bool Roots::foreign() const {
    for (std::uint32_t i = 0; i < 2; ++i) {
        if (!read_ok_[i]) continue;
        auto const found = store::decode_slot(buffer_.subspan(i * sector_size, sector_size), i);
        if (!found.valid()) continue;
        if (found.slot.store != state_.store) return true;
        if (found.slot.nonce != state_.nonce) return true; // open rewrote both slots with our nonce
    }
    return false;
}

void Roots::flush_done() {
    phase_ = Phase::idle;
    alone_ = false;
    failures_ = 0;
    set_durable(target_, writing_);
}

void Roots::flush_failed() {
    if (phase_ == Phase::writing) failed_ = true;
    if (phase_ != Phase::written) return;
    phase_ = Phase::idle;
    attempt_failed();
}

// The slot on the disk is the old one, the new one, or neither: not known to be any. It is written again, but
// not for ever: a device that is gone must not keep the machine busy.
void Roots::attempt_failed() {
    if (++failures_ < attempts) wanted_ = true;
    else alone_ = false;
}

} // namespace checkpoint
