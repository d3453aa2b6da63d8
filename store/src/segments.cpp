// SPDX-License-Identifier: Apache-2.0
// Segments in memory: transitions and counts.
#include <store/segments.hpp>

#include <algorithm>

namespace store {

void Segments::init(std::span<Segment> table, Geometry geometry) {
    expects(table.size() == geometry.segments);
    table_ = table;
    geometry_ = geometry;
}

void Segments::set_map(std::uint32_t index, std::uint16_t sectors) {
    live_ = live_ - table_[index].map + sectors;
    table_[index].map = sectors;
}

void Segments::settle(std::uint64_t newest) {
    for (std::uint32_t i = 1; i < geometry_.last_segment(); ++i) {
        auto& segment = table_[i];
        if (segment.live() == 0) release(segment, newest);
        else segment.state = SegmentState::used;
    }
}

void Segments::release(Segment& segment, std::uint64_t generation) {
    invariant(segment.live() == 0);
    segment.state = SegmentState::pending;
    segment.freed_by = generation;
    ++pending_;
}

// What is referred to is not free, whatever a table on the disk said of it.
void Segments::claim(Segment& segment) {
    if (segment.live() == 0) return;
    if (segment.state == SegmentState::free) --free_;
    else if (segment.state == SegmentState::pending) --pending_;
    else return;
    segment.state = SegmentState::used;
}

void Segments::add_log(Extent extent) {
    auto& segment = at(extent);
    segment.log += extent.count();
    live_ += extent.count();
    claim(segment);
}

void Segments::reopen(std::uint32_t index) {
    auto& segment = table_[index];
    expects(segment.state == SegmentState::used || segment.state == SegmentState::pending);
    if (segment.state == SegmentState::pending) --pending_;
    segment.state = SegmentState::open;
    cursor_ = index;
}

Result<std::uint32_t> Segments::open() {
    if (free_ == 0) return base::fail(Error::no_space);
    for (std::uint32_t step = 0; step <= size(); ++step) {
        if (++cursor_ >= geometry_.last_segment()) {
            cursor_ = 1;
            ++laps_;
        }
        auto& segment = table_[cursor_];
        if (segment.state != SegmentState::free) continue;
        invariant(may_reuse(segment, slots_));
        segment.state = SegmentState::open;
        segment.youngest = 0;
        segment.doomed = 0;
        segment.nodes = 0;
        --free_;
        ++opened_;
        return cursor_;
    }
    unreachable();
}

void Segments::close(std::uint32_t index) {
    expects(table_[index].state == SegmentState::open);
    table_[index].state = SegmentState::used;
}

void Segments::drop_log(Extent extent) {
    auto& segment = at(extent);
    invariant(segment.log >= extent.count());
    segment.log -= extent.count();
    live_ -= extent.count();
}

void Segments::forget_fold() {
    for (auto& segment : table_) {
        segment.change = 0;
        segment.victim = 0;
    }
}

void Segments::forget_doomed() {
    for (auto& segment : table_) segment.doomed = 0;
}

bool Segments::fold_fits() const {
    auto const most = static_cast<std::int32_t>(geometry_.sectors_per_segment());
    return std::all_of(table_.begin(), table_.end(), [most](Segment const& segment) {
        auto const left = static_cast<std::int32_t>(segment.map) + segment.change;
        return left >= 0 && left <= most;
    });
}

void Segments::switch_map(std::uint64_t generation) {
    for (std::uint32_t i = 1; i < geometry_.last_segment(); ++i) {
        auto& segment = table_[i];
        auto const map = static_cast<std::int32_t>(segment.map) + segment.change;
        invariant(map >= 0 && map <= static_cast<std::int32_t>(geometry_.sectors_per_segment()));
        live_ = live_ - segment.map + static_cast<std::uint64_t>(map);
        segment.map = static_cast<std::uint16_t>(map);
        segment.change = 0;
        segment.victim = 0;
        claim(segment);
        if (segment.state == SegmentState::used && segment.live() == 0) release(segment, generation);
    }
}

void Segments::release_dead(std::uint64_t generation) {
    for (auto& segment : table_) {
        invariant(segment.change == 0);
        if (segment.state == SegmentState::used && segment.live() == 0) release(segment, generation);
    }
}

std::uint64_t Segments::oldest_pending() const {
    std::uint64_t oldest = 0;
    for (auto const& segment : table_)
        if (segment.state == SegmentState::pending && (oldest == 0 || segment.freed_by < oldest))
            oldest = segment.freed_by;
    return oldest;
}

void Segments::promote(std::uint64_t slots) {
    slots_ = slots;
    for (auto& segment : table_) {
        if (segment.state != SegmentState::pending || !may_reuse(segment, slots)) continue;
        segment.state = SegmentState::free;
        --pending_;
        ++free_;
    }
}

} // namespace store
