// SPDX-License-Identifier: Apache-2.0
// A disk's volatile write cache as a pure model: what may be on the platter,
// what reads see, what a cut leaves.
//
// A write may reach the platter, sector by sector, from the moment it is received; it becomes visible when it
// is completed; it is durable when a flush that was *received after its completion* has completed.
//
//   received ──► completed ──────► flushed
//      │  may survive a cut  │        │ survives every cut
//      │  invisible          │ visible│
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <vector>

namespace tests {

inline constexpr std::size_t sector_bytes = 512;

// What a power cut did. A sector counts only when a pending version differs from what the platter held.
struct CutReport {
    std::uint64_t pending_writes = 0;
    std::uint64_t in_flight_writes = 0;
    std::uint64_t pending_sectors = 0;
    std::uint64_t kept_sectors = 0;
    std::uint64_t dropped_sectors = 0;
    std::uint64_t dropped_writes = 0;   // nothing of the write survived
    std::uint64_t torn_writes = 0;      // some of its sectors survived, some did not
    std::uint64_t reordered_writes = 0; // survived at least in part although an earlier write lost something
};

class VolatileCache {
public:
    // `platter` is the durable content. With `write_through` a completed write is
    // durable at once (an honest disk).
    explicit VolatileCache(std::span<std::byte> platter, bool write_through = false);

    using WriteNumber = std::uint64_t;
    using Horizon = std::uint64_t;

    [[nodiscard]] WriteNumber begin_write(std::uint64_t first_sector, std::vector<std::byte> data);
    void complete_write(WriteNumber number);

    // The horizon of a flush is taken when it is received: only writes completed by then are covered.
    [[nodiscard]] Horizon begin_flush() const { return completions_; }
    void complete_flush(Horizon horizon);

    void read(std::uint64_t first_sector, std::span<std::byte> into) const;

    // Every pending sector keeps the old content or takes one of its pending versions with
    // `keep_probability`.
    CutReport cut(std::mt19937_64& random, double keep_probability);

    [[nodiscard]] std::size_t pending_sectors() const { return pending_.size(); }
    [[nodiscard]] std::uint64_t completed_writes() const { return completions_; }

private:
    struct Write {
        WriteNumber number = 0;
        std::uint64_t first_sector = 0;
        std::uint64_t completion = 0; // position in the order of completions, 0 while in flight
        std::vector<std::byte> data;
        std::uint64_t kept = 0; // filled by cut()
        std::uint64_t lost = 0;
    };
    using Versions = std::vector<std::shared_ptr<Write>>;

    [[nodiscard]] static Write const* newest_completed(Versions const& versions, Horizon horizon);
    [[nodiscard]] static std::span<const std::byte> sector_of(Write const& write, std::uint64_t sector);
    [[nodiscard]] std::span<std::byte> platter_sector(std::uint64_t sector) const;
    void settle_sector(std::uint64_t sector, Versions const& versions, std::mt19937_64& random,
                       double keep_probability, CutReport& report);
    [[nodiscard]] std::map<WriteNumber, std::shared_ptr<Write>> pending_writes() const;

    std::span<std::byte> platter_;
    bool write_through_;
    std::uint64_t writes_ = 0;
    std::uint64_t completions_ = 0;
    std::map<WriteNumber, std::shared_ptr<Write>> in_flight_;
    std::map<std::uint64_t, Versions> pending_; // by sector
};

} // namespace tests
