// SPDX-License-Identifier: Apache-2.0
// Restart, the migrator's part: recover, flush the boot number (R2), hand the kernel
// its root and its live set (R16).
#include "restore.hpp"

#include <abi/revision.hpp>
#include <checkpoint/time_travel.hpp>

#include <array>

namespace migrator {

namespace {

constexpr std::uint32_t boots_without_commit_max = 3; // R33

// The most that fits into the memory there is; the bound on unmigrated entries is the part that grows.
Result<checkpoint::Limits> limits_for(RestoreInput const& input) {
    checkpoint::Limits limits;
    std::uint32_t const request = input.device.request_bytes_max() & ~std::uint32_t{abi::frame_size - 1};
    if (limits.commit_chunk > request) limits.commit_chunk = request;
    if (limits.side_chunk > request) limits.side_chunk = request;
    while (checkpoint::table_bytes(limits) > input.tables.size()) {
        limits.unmigrated_entries /= 2;
        if (limits.unmigrated_entries < 1024) return base::fail(abi::Error::no_memory);
    }
    if (checkpoint::io_bytes(limits) > input.device.io_memory().size())
        return base::fail(abi::Error::no_memory);
    return limits;
}

// Names the live processes to the kernel, six a call.
class LiveList {
public:
    explicit LiveList(runtime::ObjectSource source) : source_(source) {}

    void add(abi::FrameId frame) {
        frames_[count_++] = frame.raw();
        ++total_;
        if (count_ == frames_.size()) flush();
    }
    void flush() {
        if (count_ == 0) return;
        auto const made =
            source_.make_live(count_, frames_[0], frames_[1], frames_[2], frames_[3], frames_[4], frames_[5]);
        if (made.failed() && error_ == abi::Error::none) error_ = made.error;
        count_ = 0;
        frames_ = {};
    }
    std::uint64_t total() const { return total_; }
    Result<> result() const {
        if (error_ != abi::Error::none) return base::fail(error_);
        return {};
    }

private:
    runtime::ObjectSource source_;
    std::array<std::uint64_t, 6> frames_{};
    std::uint8_t count_ = 0;
    std::uint64_t total_ = 0;
    abi::Error error_ = abi::Error::none;
};

} // namespace

Result<> restore(RestoreInput const& input, Status& status) {
    TRY(input.device.check());
    checkpoint::OpenOptions options;
    options.limits = TRY(limits_for(input));
    options.nonce = {input.boot.random[0], input.boot.random[1]};
    options.abi_revision = abi::abi_revision;
    options.processor_features = input.boot.processor_features;
    options.previous = input.words.previous;
    auto const opened = input.engine.open(input.device, {input.tables, input.device.io_memory()}, options);
    if (opened.error == abi::Error::not_supported)
        status.now.features_missing = input.engine.recovery().features_missing;
    TRY(opened);
    auto const& found = input.engine.recovery();
    auto newest = found.generation;
    if (input.words.at) newest = TRY(checkpoint::roll_back(input.engine, input.device, *input.words.at));
    status.now.boot_number = found.boot;
    status.now.restored_generation = input.words.at.value_or(found.generation).counter();
    status.now.committed_generation = newest.counter();
    status.now.taken_at = found.clock_base_ns;
    status.now.torn_newer = found.torn;
    status.now.boots_since_commit = found.boots_without_commit + 1;
    status.now.held = input.words.hold || found.boots_without_commit >= boots_without_commit_max;
    TRY(input.source.restore(found.boot, found.clock_base_ns, input.engine.superblock().processor_features,
                             input.root));
    LiveList live(input.source);
    TRY(input.engine.for_each_live([&](abi::FrameId frame) { live.add(frame); }));
    live.flush();
    status.now.processes = live.total();
    return live.result();
}

} // namespace migrator
