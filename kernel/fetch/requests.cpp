// SPDX-License-Identifier: Apache-2.0
// The table of wanted frames: small and searched in line, since every entry stands for a disk read.
#include <fetch/requests.hpp>

#include <abi/error.hpp>

namespace kernel {

using base::fail;

base::Result<bool> Requests::want(abi::FrameId frame) {
    expects(frame.is_persistent() && frame.number() != 0);
    Wanted* place = nullptr;
    for (auto& wanted : table_) {
        if (wanted.state == State::free) {
            if (place == nullptr) place = &wanted;
        } else if (wanted.frame == frame) {
            return false;
        }
    }
    if (place == nullptr) return fail(abi::Error::limit_reached);
    *place = {frame, State::wanted, next_order_++};
    ++count_;
    ++total_;
    return true;
}

abi::FrameId Requests::take() {
    Wanted* oldest = nullptr;
    for (auto& wanted : table_) {
        if (wanted.state != State::wanted) continue;
        // The difference, not the order itself: the count may have wrapped.
        if (oldest == nullptr || static_cast<std::int32_t>(wanted.order - oldest->order) < 0)
            oldest = &wanted;
    }
    if (oldest == nullptr) return {};
    oldest->state = State::taken;
    return oldest->frame;
}

bool Requests::finish(abi::FrameId frame) {
    for (auto& wanted : table_) {
        if (wanted.state == State::free || wanted.frame != frame) continue;
        wanted.state = State::free;
        --count_;
        return true;
    }
    return false;
}

void Requests::remember_lost(abi::FrameId frame) {
    if (is_lost(frame)) return;
    lost_[next_lost_] = frame;
    next_lost_ = (next_lost_ + 1) % lost_max;
}

bool Requests::is_lost(abi::FrameId frame) const {
    for (auto const& lost : lost_)
        if (lost == frame && frame.raw() != 0) return true;
    return false;
}

} // namespace kernel
