// SPDX-License-Identifier: Apache-2.0
// All disks that a power cut could leave, from the history of a run: at every event, of the writes that no
// completed flush covers, any subset is on the disk, any of them torn at any sector.
//   A cut right after write k differs from earlier cuts only in states that contain a piece of k: those are
//   made there. On a device without a volatile cache a write is durable once it has completed.
#pragma once

#include "recorded_disk.hpp"
#include "simulated_disk.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <unordered_set>
#include <vector>

namespace tests {

struct CrashOptions {
    std::size_t exhaustive_below = 9; // pending writes of which every subset is made
    std::size_t samples = 24;         // seeded subsets of sectors at each cut, beside those
    std::uint64_t seed = 1;
    std::uint64_t states_at_most = ~std::uint64_t{0};
    std::uint64_t every = 1; // takes every n-th state only (long workloads)
    bool volatile_cache = true;
};

struct CrashCounts {
    std::uint64_t cuts = 0;
    std::uint64_t states = 0;
    std::uint64_t distinct = 0; // disks, by content
    std::uint64_t most_pending = 0;
    std::uint64_t overlapping = 0; // pending writes to the same sectors: the engine never makes any
};

class CrashStates {
public:
    // `check` gets the disk and what was marked last; it may write to the disk, which is undone.
    using Check = std::function<void(UndoDisk&, std::uint64_t marked)>;

    CrashStates(std::vector<std::byte> start, History const& history, std::uint64_t marked,
                CrashOptions const& options)
        : disk_(std::move(start)),
          history_(history),
          options_(options),
          random_(options.seed),
          marked_(marked) {}

    CrashCounts run(Check const& check);
    // Digests of all distinct disks that were made.
    std::unordered_set<std::uint64_t> const& seen() const { return seen_; }

private:
    struct Pending {
        Event const* event = nullptr;
        bool failed = false; // it, or a flush that should have covered it: a later flush may find nothing
        std::size_t kept = ~std::size_t{0}; // sectors that can ever be written, of one that a reset cut off
        std::size_t sectors() const { return std::min(event->data.size() / 512, kept); }
    };
    static constexpr std::size_t nothing_fresh = ~std::size_t{0};

    void cut(std::size_t fresh);
    void subsets(std::size_t fresh);
    void torn(std::size_t fresh);
    void sampled(std::size_t fresh);
    void apply(Pending const& write, std::size_t first, std::size_t count);
    void apply_others(std::size_t but);
    bool wanted(); // the next state is not skipped
    void state();
    void flush(std::vector<std::uint64_t> const& covered);
    void submitted(Event const& event);
    void completed(Event const& event);
    void doubt(std::vector<std::uint64_t> const& covered);

    UndoDisk disk_;
    History const& history_;
    CrashOptions options_;
    std::mt19937_64 random_;
    std::uint64_t marked_;
    std::vector<Pending> pending_;
    std::unordered_set<std::uint64_t> seen_;
    std::vector<std::uint64_t> done_; // writes completed so far
    std::uint64_t turn_ = 0;
    CrashCounts counts_;
    Check const* check_ = nullptr;
};

} // namespace tests
