// SPDX-License-Identifier: Apache-2.0
// A hostile disk.
#include "simulated_disk.hpp"

#include <base/contract.hpp>

#include <algorithm>
#include <cstring>

namespace tests {

using store::Error;
using store::RequestKind;

void SimulatedDisk::record(Event event) {
    if (recording_) history_.push_back(std::move(event));
}

void SimulatedDisk::start_recording() {
    expects(flying_.empty());
    start_ = image_;
    history_.clear();
    recording_ = true;
}

// Behind a flush that has not had its effect an acknowledgement waits with it: what is planted is that the
// successor's writes do not.
void SimulatedDisk::record_late(Event event) {
    if (options.late_flush == 0 || (late_.empty() && event.kind == EventKind::mark)) return record(event);
    if (late_.empty()) late_writes_ = 0;
    late_.push_back(std::move(event));
}

void SimulatedDisk::catch_up() {
    for (auto& event : late_) record(std::move(event));
    late_.clear();
}

void SimulatedDisk::mark(std::uint64_t what) { record_late({EventKind::mark, what, 0, {}}); }

void SimulatedDisk::reset() {
    while (!flying_.empty()) {
        auto const index = random_() % flying_.size();
        auto const fate = random_() % 3;
        auto& flying = flying_[index];
        auto const kind = flying.request.kind;
        if (fate == 0 && kind != RequestKind::read) {
            complete(index);
            continue;
        }
        if (kind == RequestKind::write) {
            auto const sectors = fate == 1 ? 0 : random_() % (flying.data.size() / 512);
            std::memcpy(image_.data() + flying.request.offset, flying.data.data(), sectors * 512);
            record({EventKind::write_dropped, flying.id, sectors, {}});
        }
        flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(index));
    }
}

void SimulatedDisk::submit(store::Request const& request) {
    expects(request.offset % 512 == 0 && request.data.size() % 512 == 0 && request.data.size() <= (1 << 20));
    expects(request.offset + request.data.size() <= image_.size());
    Flying flying{request, requests_++, {}};
    if (request.kind == RequestKind::write) {
        flying.data.assign(request.data.begin(), request.data.end());
        bytes_written_ += request.data.size();
        ++writes_;
        record({EventKind::write_submitted, flying.id, request.offset, flying.data});
        if (!late_.empty() && ++late_writes_ >= options.late_flush) catch_up();
    } else if (request.kind == RequestKind::flush) {
        ++flushes_;
        record({EventKind::flush_submitted, flying.id, 0, {}});
    }
    flying_.push_back(std::move(flying));
}

bool SimulatedDisk::fails(store::Request const& request) {
    if (bad && bad(request)) return true;
    if (options.fail_request == 0 || (options.fail_kind && *options.fail_kind != request.kind)) return false;
    if (--options.fail_request > 0) return false;
    // What is left is 1 at least: who asks for one more failure gets that one, and not all that come.
    if (options.fail_count > 1) {
        --options.fail_count;
        options.fail_request = 1;
    }
    ++failed_;
    return true;
}

store::Completion SimulatedDisk::complete(std::size_t index) {
    auto const flying = std::move(flying_[index]);
    flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(index));
    auto const& request = flying.request;
    auto const fails = this->fails(request);
    auto* const place = image_.data() + request.offset;
    switch (request.kind) {
    case RequestKind::read:
        if (!fails) std::memcpy(request.data.data(), place, request.data.size());
        break;
    case RequestKind::write:
        // The submitter must not touch the buffer before completion.
        expects(std::equal(flying.data.begin(), flying.data.end(), request.data.begin()));
        if (!fails) std::memcpy(place, flying.data.data(), flying.data.size());
        // A failed write leaves a torn prefix behind.
        else std::memcpy(place, flying.data.data(), random_() % (flying.data.size() / 512 + 1) * 512);
        record({fails ? EventKind::write_failed : EventKind::write_completed, flying.id, 0, {}});
        break;
    case RequestKind::flush:
        if (fails) record({EventKind::flush_failed, flying.id, 0, {}});
        else if (!options.drop_flushes) record_late({EventKind::flush_completed, flying.id, 0, {}});
        break;
    }
    return {request.tag, fails ? Error::io : Error::none};
}

std::size_t SimulatedDisk::poll(std::span<store::Completion> done, bool wait) {
    expects(!wait || !flying_.empty());
    auto const all = std::min(done.size(), flying_.size());
    auto count =
        options.order == DiskOptions::Order::random ? random_() % (all + 1) : std::min<std::size_t>(all, 1);
    if (wait) count = std::max<std::size_t>(count, 1);
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t index = 0;
        if (options.order == DiskOptions::Order::newest_first) index = flying_.size() - 1;
        if (options.order == DiskOptions::Order::random) index = random_() % flying_.size();
        done[i] = complete(index);
    }
    return count;
}

} // namespace tests
