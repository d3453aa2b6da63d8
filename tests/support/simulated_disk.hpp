// SPDX-License-Identifier: Apache-2.0
// A hostile disk: volatile cache, completions in an order that the test chooses, failures on demand, resets
// of the machine that leave the cache as it is, and a history of every event, from which crash_states.hpp
// makes all disks that a power cut could leave.
//   A flush makes durable the writes that had completed when it was submitted, and no others. A device
//   without a volatile cache makes a write durable when it completes.
#pragma once

#include <store/block_device.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <vector>

namespace tests {

enum class EventKind : std::uint8_t {
    write_submitted,
    write_completed,
    write_failed,
    write_dropped, // in flight at a reset: its first `offset` sectors were done, the rest never will be
    flush_submitted,
    flush_completed,
    flush_failed,
    mark
};

struct Event {
    EventKind kind = EventKind::mark;
    std::uint64_t id = 0; // of the request; for a mark: what the test says (acknowledged model index)
    std::uint64_t offset = 0;
    std::vector<std::byte> data;
};

using History = std::vector<Event>;

struct DiskOptions {
    enum class Order : std::uint8_t { as_submitted, newest_first, random };
    std::uint64_t seed = 1;
    Order order = Order::random;
    bool volatile_cache = true;
    bool drop_flushes = false;      // planted bug: a flush completes and makes nothing durable
    std::uint64_t late_flush = 0;   // planted bug: a flush completes so many writes before it has its effect
    std::uint64_t fail_request = 0; // the k-th request from now (1 = the next) fails; 0: none
    std::uint64_t fail_count = 1;   // ... and so many in all from there; for_ever
    std::optional<store::RequestKind> fail_kind = std::nullopt; // counts and fails these only; none: all
    static constexpr std::uint64_t for_ever = ~std::uint64_t{0};
};

class SimulatedDisk final : public store::BlockDevice {
public:
    SimulatedDisk(std::size_t bytes, DiskOptions const& chosen)
        : options(chosen), image_(bytes), random_(chosen.seed) {}

    std::uint64_t capacity() const override { return image_.size(); }
    void submit(store::Request const& request) override;
    std::size_t poll(std::span<store::Completion> done, bool wait) override;

    void mark(std::uint64_t what);
    // The machine is reset: nobody hears of what is in flight; the seed says what was done of it. The cache
    // stays: what had completed is read as before.
    void reset();
    // Flushes that were to have their effect late have it now.
    void catch_up();
    // What reads see: every completed write, durable or not.
    std::vector<std::byte>& image() { return image_; }
    // The disk as it was when recording began (see start_recording).
    std::vector<std::byte> const& start() const { return start_; }
    void start_recording();
    History const& history() const { return history_; }
    std::uint64_t requests() const { return requests_; }
    std::uint64_t bytes_written() const { return bytes_written_; }
    std::uint64_t flushes() const { return flushes_; }
    std::uint64_t writes() const { return writes_; }
    std::uint64_t failed() const { return failed_; }
    std::size_t in_flight() const { return flying_.size(); }

    DiskOptions options;
    std::function<bool(store::Request const&)> bad; // these fail, always

private:
    struct Flying {
        store::Request request;
        std::uint64_t id = 0;
        std::vector<std::byte> data; // of a write, as submitted: later changes of the buffer would be a bug
    };
    store::Completion complete(std::size_t index);
    bool fails(store::Request const& request);
    void record(Event event);
    void record_late(Event event);

    std::vector<std::byte> image_;
    std::vector<std::byte> start_;
    std::vector<Flying> flying_;
    History history_;
    std::vector<Event> late_;
    std::uint64_t late_writes_ = 0; // submitted since the first late flush
    std::mt19937_64 random_;
    std::uint64_t requests_ = 0;
    std::uint64_t bytes_written_ = 0;
    std::uint64_t flushes_ = 0;
    std::uint64_t writes_ = 0;
    std::uint64_t failed_ = 0;
    bool recording_ = false;
};

} // namespace tests
