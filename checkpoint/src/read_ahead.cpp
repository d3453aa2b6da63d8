// SPDX-License-Identifier: Apache-2.0
// Slots of what a pass will come to.
#include "read_ahead.hpp"

#include "state.hpp"

namespace checkpoint {

using namespace abi::disk;
using State = AheadSlot::State;

void ReadAhead::init(base::Bytes memory) {
    slots_.clear();
    for (std::size_t at = 0; at < memory.size(); at += node_size) {
        AheadSlot slot;
        slot.memory = memory.subspan(at, node_size);
        slots_.push_back(slot);
    }
    unused_ = slots_.size();
    expects(unused_ >= 2);
}

AheadSlot* ReadAhead::find(Extent place) {
    for (auto& slot : slots_)
        if (slot.state != State::unused && !slot.cleared && slot.place == place) return &slot;
    return nullptr;
}

AheadSlot* ReadAhead::begin(Extent place) {
    auto* const there = find(place);
    if (there != nullptr || unused_ <= 1) return there;
    return begin_now(place);
}

AheadSlot* ReadAhead::begin_now(Extent place) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        auto& slot = slots_[i];
        if (slot.state != State::unused) continue;
        auto const memory = slot.memory;
        slot = AheadSlot();
        slot.memory = memory;
        slot.state = State::reading;
        slot.place = place;
        --unused_;
        bytes_asked_ += memory.size();
        state_.submit(Owner::fold, static_cast<std::uint16_t>(i), store::Priority::background,
                      {store::RequestKind::read, 0, place.offset(), memory});
        return &slot;
    }
    return nullptr;
}

void ReadAhead::release(AheadSlot& slot) {
    if (slot.state == State::unused) return;
    if (slot.state == State::reading) {
        slot.cleared = true;
        return;
    }
    slot.state = State::unused;
    ++unused_;
}

void ReadAhead::release_before(std::uint64_t frame) {
    for (auto& slot : slots_)
        if (slot.end <= frame) release(slot);
}

void ReadAhead::clear() {
    for (auto& slot : slots_) release(slot);
}

AheadSlot* ReadAhead::complete(std::uint16_t index, Error error) {
    auto& slot = slots_[index];
    expects(slot.state == State::reading);
    slot.state = State::arrived;
    slot.error = error;
    if (!slot.cleared) return &slot;
    release(slot);
    return nullptr;
}

} // namespace checkpoint
