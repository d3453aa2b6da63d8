// SPDX-License-Identifier: Apache-2.0
// The live set: a hash index by frame over a fixed table.
#include <sched/live_set.hpp>

#include <abi/error.hpp>

namespace kernel {

using base::fail;

std::uint32_t LiveSet::bucket_of(abi::FrameId frame) {
    return static_cast<std::uint32_t>((frame.raw() * 0x9e37'79b9'7f4a'7c15u) >> 52) % bucket_count;
}

LiveIndex LiveSet::find(abi::FrameId frame) const {
    auto at = buckets_[bucket_of(frame)];
    while (at != 0 && entries_[at - 1].frame != frame.raw()) at = entries_[at - 1].next_in_bucket + 1;
    return at == 0 ? no_process : at - 1;
}

base::Result<LiveIndex> LiveSet::enter(abi::FrameId frame) {
    auto const known = find(frame);
    if (known != no_process) return known;
    auto const index = take_entry();
    if (index == no_process) return fail(abi::Error::limit_reached);
    auto& bucket = buckets_[bucket_of(frame)];
    entries_[index] = LiveProcess{.frame = frame.raw(),
                                  .key = 0,
                                  .link = {},
                                  .next_in_bucket = bucket - 1, // 0 - 1 = no_process
                                  .place = Place::idle,
                                  .priority = unknown_priority,
                                  .endpoint = 0};
    bucket = index + 1;
    return index;
}

LiveIndex LiveSet::take_entry() {
    if (free_ != 0) {
        auto const index = free_ - 1;
        free_ = entries_[index].next_in_bucket + 1;
        return index;
    }
    if (used_ < entries_.size()) return used_++;
    for (std::uint32_t tried = 0; tried < used_; ++tried) {
        auto const index = hand_;
        hand_ = (hand_ + 1) % used_;
        if (entries_[index].place != Place::idle) continue;
        forget(index);
        free_ = 0;
        return index;
    }
    return no_process;
}

void LiveSet::forget(LiveIndex index) {
    auto& entry = (*this)[index];
    expects(entry.place == Place::idle);
    auto* at = &buckets_[bucket_of(frame(index))];
    if (*at == index + 1) {
        *at = entry.next_in_bucket + 1;
    } else {
        auto before = *at - 1;
        while (entries_[before].next_in_bucket != index) before = entries_[before].next_in_bucket;
        entries_[before].next_in_bucket = entry.next_in_bucket;
    }
    entry = LiveProcess{};
    entry.next_in_bucket = free_ - 1;
    free_ = index + 1;
}

std::uint32_t LiveSet::count(Place place) const {
    std::uint32_t found = 0;
    for (LiveIndex i = 0; i < used_; ++i)
        if (entries_[i].place == place) ++found;
    return found;
}

} // namespace kernel
