// SPDX-License-Identifier: Apache-2.0
// The forgetting disk's model: what a flush covers, what reads see, what a cut may leave.
#include "volatile_cache.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tests {
namespace {

std::vector<std::byte> filled(std::size_t sectors, unsigned value) {
    return std::vector<std::byte>(sectors * sector_bytes, std::byte(value));
}

struct Disk {
    std::vector<std::byte> platter = filled(16, 0);
    VolatileCache cache{platter};

    unsigned on_platter(std::size_t sector) const {
        return static_cast<unsigned>(platter[sector * sector_bytes]);
    }
    unsigned seen(std::size_t sector) const {
        auto buffer = filled(1, 0xff);
        cache.read(sector, buffer);
        return static_cast<unsigned>(buffer[0]);
    }
    void write(std::size_t sector, std::size_t count, unsigned value) {
        cache.complete_write(cache.begin_write(sector, filled(count, value)));
    }
};

TEST(VolatileCache, a_completed_write_is_seen_but_not_durable) {
    Disk disk;
    auto const number = disk.cache.begin_write(3, filled(2, 7));
    EXPECT_EQ(disk.seen(3), 0u);
    disk.cache.complete_write(number);
    EXPECT_EQ(disk.seen(3), 7u);
    EXPECT_EQ(disk.seen(4), 7u);
    EXPECT_EQ(disk.seen(5), 0u);
    EXPECT_EQ(disk.on_platter(3), 0u);
}

TEST(VolatileCache, a_flush_makes_completed_writes_durable) {
    Disk disk;
    disk.write(3, 2, 7);
    disk.cache.complete_flush(disk.cache.begin_flush());
    EXPECT_EQ(disk.on_platter(3), 7u);
    EXPECT_EQ(disk.cache.pending_sectors(), 0u);
    std::mt19937_64 random(1);
    EXPECT_EQ(disk.cache.cut(random, 0.0).pending_writes, 0u);
    EXPECT_EQ(disk.on_platter(4), 7u);
}

TEST(VolatileCache, a_flush_does_not_cover_a_write_in_flight_when_it_was_received) {
    Disk disk;
    auto const number = disk.cache.begin_write(0, filled(1, 9));
    auto const horizon = disk.cache.begin_flush();
    disk.cache.complete_write(number);
    disk.cache.complete_flush(horizon);
    EXPECT_EQ(disk.seen(0), 9u);
    std::mt19937_64 random(1);
    const CutReport report = disk.cache.cut(random, 0.0);
    EXPECT_EQ(report.pending_writes, 1u);
    EXPECT_EQ(report.dropped_writes, 1u);
    EXPECT_EQ(disk.on_platter(0), 0u);
}

TEST(VolatileCache, a_flush_writes_the_version_of_its_horizon_and_keeps_the_later_one_pending) {
    Disk disk;
    disk.write(0, 1, 1);
    auto const horizon = disk.cache.begin_flush();
    disk.write(0, 1, 2);
    disk.cache.complete_flush(horizon);
    EXPECT_EQ(disk.on_platter(0), 1u);
    EXPECT_EQ(disk.seen(0), 2u);
    EXPECT_EQ(disk.cache.pending_sectors(), 1u);
}

TEST(VolatileCache, flushes_that_complete_in_the_other_order_never_go_back) {
    Disk disk;
    disk.write(0, 1, 1);
    auto const first = disk.cache.begin_flush();
    disk.write(0, 1, 2);
    auto const second = disk.cache.begin_flush();
    disk.cache.complete_flush(second);
    disk.cache.complete_flush(first);
    EXPECT_EQ(disk.on_platter(0), 2u);
}

TEST(VolatileCache, the_write_completed_last_is_the_one_seen) {
    Disk disk;
    auto const one = disk.cache.begin_write(0, filled(1, 1));
    auto const two = disk.cache.begin_write(0, filled(1, 2));
    disk.cache.complete_write(two);
    disk.cache.complete_write(one);
    EXPECT_EQ(disk.seen(0), 1u);
}

TEST(VolatileCache, a_cut_tears_drops_and_reorders) {
    CutReport sum;
    for (unsigned seed = 0; seed < 50; ++seed) {
        Disk disk;
        disk.write(0, 8, 1);
        disk.write(8, 8, 2);
        std::mt19937_64 random(seed);
        const CutReport report = disk.cache.cut(random, 0.5);
        EXPECT_EQ(report.pending_sectors, 16u);
        EXPECT_EQ(report.kept_sectors + report.dropped_sectors, 16u);
        sum.torn_writes += report.torn_writes;
        sum.reordered_writes += report.reordered_writes;
        std::uint64_t kept = 0;
        for (std::size_t sector = 0; sector < 16; ++sector) {
            unsigned const expected = sector < 8 ? 1u : 2u;
            EXPECT_TRUE(disk.on_platter(sector) == 0 || disk.on_platter(sector) == expected);
            kept += disk.on_platter(sector) != 0 ? 1U : 0U;
        }
        EXPECT_EQ(kept, report.kept_sectors);
    }
    EXPECT_GT(sum.torn_writes, 80u);
    EXPECT_GT(sum.reordered_writes, 40u);
}

TEST(VolatileCache, a_cut_may_leave_any_pending_version_and_writes_in_flight) {
    std::set<unsigned> left;
    for (unsigned seed = 0; seed < 200; ++seed) {
        Disk disk;
        disk.write(0, 1, 1);
        disk.write(0, 1, 2);
        auto const in_flight = disk.cache.begin_write(0, filled(1, 3));
        EXPECT_NE(in_flight, 0u);
        std::mt19937_64 random(seed);
        EXPECT_EQ(disk.cache.cut(random, 0.7).in_flight_writes, 1u);
        left.insert(disk.on_platter(0));
    }
    EXPECT_EQ(left, (std::set<unsigned>{0, 1, 2, 3}));
}

TEST(VolatileCache, a_sector_that_does_not_change_is_not_counted) {
    Disk disk;
    disk.write(0, 1, 0);
    std::mt19937_64 random(1);
    EXPECT_EQ(disk.cache.cut(random, 0.5).pending_sectors, 0u);
}

TEST(VolatileCache, an_honest_disk_keeps_what_it_completed_and_forgets_what_was_in_flight) {
    Disk disk;
    VolatileCache honest(disk.platter, true);
    honest.complete_write(honest.begin_write(1, filled(1, 5)));
    EXPECT_EQ(disk.on_platter(1), 5u);
    EXPECT_NE(honest.begin_write(2, filled(1, 6)), 0u);
    std::mt19937_64 random(1);
    EXPECT_EQ(honest.cut(random, 0.0).dropped_writes, 1u);
    EXPECT_EQ(disk.on_platter(2), 0u);
}

} // namespace
} // namespace tests
