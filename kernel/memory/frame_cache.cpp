// SPDX-License-Identifier: Apache-2.0
// The frame cache's buckets and free list.
#include <memory/frame_cache.hpp>

#include <bit>

namespace kernel {

void FrameCache::start(std::span<PageFrame> frames, std::span<FrameIndex> buckets) {
    expects(buckets.size() > 1 && (buckets.size() & (buckets.size() - 1)) == 0);
    frames_ = frames;
    buckets_ = buckets;
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(buckets.size()));
    for (auto& frame : frames_) frame = PageFrame{};
    for (auto& bucket : buckets_) bucket = no_frame;
    free_ = no_frame;
    free_count_ = 0;
    usable_count_ = 0;
    hand = 0;
}

void FrameCache::add_free(FrameIndex first, std::uint32_t count) {
    // Downwards, so that frames are handed out in rising order.
    for (auto index = first + count; index-- > first;) {
        auto& frame = (*this)[index];
        frame.become(FrameState::free);
        frame.hash_next = free_;
        free_ = index;
    }
    free_count_ += count;
    usable_count_ += count;
}

FrameIndex FrameCache::take(FrameState state) {
    auto const index = free_;
    if (index == no_frame) return no_frame;
    auto& frame = (*this)[index];
    free_ = frame.hash_next;
    frame.hash_next = no_frame;
    frame.become(state);
    --free_count_;
    return index;
}

void FrameCache::give_back(FrameIndex index) {
    auto& frame = (*this)[index];
    expects(frame.id == abi::FrameId() && frame.pins == 0);
    expects(frame.first_mapping == base::ListLink::none && frame.entries == base::ListLink::none);
    expects(frame.state == FrameState::side || frame.side == no_frame);
    frame.become(FrameState::free);
    frame = PageFrame{};
    frame.state = FrameState::free;
    frame.hash_next = free_;
    free_ = index;
    ++free_count_;
}

void FrameCache::name(FrameIndex index, Identity identity) {
    auto& frame = (*this)[index];
    expects(frame.named() && frame.id == abi::FrameId());
    expects(identity.id != abi::FrameId() && find(identity.id) == no_frame);
    expects(identity.id.is_persistent() == (frame.state == FrameState::clean));
    frame.id = identity.id;
    frame.type = identity.type;
    frame.mark = identity.mark;
    auto& head = buckets_[bucket(identity.id)];
    frame.hash_next = head;
    head = index;
}

void FrameCache::forget(FrameIndex index) {
    auto& frame = (*this)[index];
    auto* at = &buckets_[bucket(frame.id)];
    while (*at != index) {
        expects(*at != no_frame);
        at = &(*this)[*at].hash_next;
    }
    *at = frame.hash_next;
    frame.hash_next = no_frame;
    frame.id = abi::FrameId();
    unsettle();
}

} // namespace kernel
