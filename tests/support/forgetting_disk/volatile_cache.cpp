// SPDX-License-Identifier: Apache-2.0
// The model of the volatile write cache; see the header for the life of a write.
#include "volatile_cache.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tests {

namespace {

// Own, so that a seed means the same with every standard library.
bool happens(std::mt19937_64& random, double probability) {
    constexpr double scale = 1.0 / 9007199254740992.0; // 2^-53
    return static_cast<double>(random() >> 11) * scale < probability;
}

} // namespace

VolatileCache::VolatileCache(std::span<std::byte> platter, bool write_through)
    : platter_(platter), write_through_(write_through) {}

std::span<const std::byte> VolatileCache::sector_of(Write const& write, std::uint64_t sector) {
    return std::span(write.data).subspan((sector - write.first_sector) * sector_bytes, sector_bytes);
}

std::span<std::byte> VolatileCache::platter_sector(std::uint64_t sector) const {
    return platter_.subspan(sector * sector_bytes, sector_bytes);
}

VolatileCache::Write const* VolatileCache::newest_completed(Versions const& versions, Horizon horizon) {
    Write const* newest = nullptr;
    for (auto const& write : versions) {
        bool const covered = write->completion != 0 && write->completion <= horizon;
        if (covered && (newest == nullptr || write->completion > newest->completion)) {
            newest = write.get();
        }
    }
    return newest;
}

VolatileCache::WriteNumber VolatileCache::begin_write(std::uint64_t first_sector,
                                                      std::vector<std::byte> data) {
    auto write = std::make_shared<Write>();
    write->number = ++writes_;
    write->first_sector = first_sector;
    write->data = std::move(data);
    const std::uint64_t sectors = write->data.size() / sector_bytes;
    for (std::uint64_t i = 0; i < sectors; ++i) {
        pending_[first_sector + i].push_back(write);
    }
    in_flight_.emplace(write->number, write);
    return write->number;
}

void VolatileCache::complete_write(WriteNumber number) {
    in_flight_.at(number)->completion = ++completions_;
    in_flight_.erase(number);
    if (write_through_) {
        complete_flush(completions_);
    }
}

void VolatileCache::complete_flush(Horizon horizon) {
    for (auto at = pending_.begin(); at != pending_.end();) {
        auto& [sector, versions] = *at;
        if (Write const* newest = newest_completed(versions, horizon); newest != nullptr) {
            std::ranges::copy(sector_of(*newest, sector), platter_sector(sector).begin());
            std::erase_if(versions, [horizon](auto const& write) {
                return write->completion != 0 && write->completion <= horizon;
            });
        }
        at = versions.empty() ? pending_.erase(at) : std::next(at);
    }
}

void VolatileCache::read(std::uint64_t first_sector, std::span<std::byte> into) const {
    const std::uint64_t sectors = into.size() / sector_bytes;
    std::ranges::copy(platter_.subspan(first_sector * sector_bytes, into.size()), into.begin());
    auto const end = pending_.lower_bound(first_sector + sectors);
    for (auto at = pending_.lower_bound(first_sector); at != end; ++at) {
        Write const* newest = newest_completed(at->second, std::numeric_limits<Horizon>::max());
        if (newest != nullptr) {
            std::ranges::copy(sector_of(*newest, at->first),
                              into.subspan((at->first - first_sector) * sector_bytes).begin());
        }
    }
}

std::map<VolatileCache::WriteNumber, std::shared_ptr<VolatileCache::Write>> VolatileCache::pending_writes()
    const {
    std::map<WriteNumber, std::shared_ptr<Write>> writes;
    for (auto const& [sector, versions] : pending_) {
        for (auto const& write : versions) {
            writes.emplace(write->number, write);
        }
    }
    return writes;
}

void VolatileCache::settle_sector(std::uint64_t sector, Versions const& versions, std::mt19937_64& random,
                                  double keep_probability, CutReport& report) {
    bool const keep = happens(random, keep_probability);
    Write const& chosen = *versions[random() % versions.size()];
    const std::span<std::byte> platter = platter_sector(sector);
    bool differs = false;
    for (auto const& write : versions) {
        if (std::ranges::equal(sector_of(*write, sector), platter)) {
            continue; // this version changes nothing: neither kept nor lost
        }
        differs = true;
        bool const survives = keep && write.get() == &chosen;
        ++(survives ? write->kept : write->lost);
    }
    if (!differs) {
        return;
    }
    ++report.pending_sectors;
    ++(keep ? report.kept_sectors : report.dropped_sectors);
    if (keep) {
        std::ranges::copy(sector_of(chosen, sector), platter.begin());
    }
}

CutReport VolatileCache::cut(std::mt19937_64& random, double keep_probability) {
    CutReport report;
    report.in_flight_writes = in_flight_.size();
    for (auto const& [sector, versions] : pending_) {
        settle_sector(sector, versions, random, keep_probability, report);
    }
    bool earlier_lost = false;
    for (auto const& [number, write] : pending_writes()) {
        if (write->kept == 0 && write->lost == 0) {
            continue;
        }
        ++report.pending_writes;
        report.dropped_writes += write->kept == 0 ? 1U : 0U;
        report.torn_writes += write->kept != 0 && write->lost != 0 ? 1U : 0U;
        report.reordered_writes += write->kept != 0 && earlier_lost ? 1U : 0U;
        earlier_lost = earlier_lost || write->lost != 0;
    }
    pending_.clear();
    in_flight_.clear();
    return report;
}

} // namespace tests
