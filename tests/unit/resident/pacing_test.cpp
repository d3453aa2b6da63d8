// SPDX-License-Identifier: Apache-2.0
// When snapshots are taken, and the words of the command line that say so.
#include <boot_words.hpp>
#include <pacing.hpp>

#include <gtest/gtest.h>

namespace {

using migrator::Pacing;
using migrator::parse_boot_words;

constexpr std::uint64_t ms = 1'000'000;

TEST(BootWords, AreFoundAmongOthers) {
    auto const words = parse_boot_words("ack interval=20 lines=10  hold previous amnesia=7");
    EXPECT_EQ(words.interval_ms, 20u);
    EXPECT_TRUE(words.hold);
    EXPECT_TRUE(words.previous);
}

TEST(BootWords, NameACheckpointByBootAndCounter) {
    EXPECT_EQ(parse_boot_words("hold at=3.41 ack").at, checkpoint::Generation(3, 41));
    EXPECT_FALSE(parse_boot_words("hold previous").at.has_value());
    for (auto const* line :
         {"at=", "at=41", "at=3.", "at=.41", "at=3.41x", "at=4194304.1", "at=-3.41", "at=3.4398046511104"})
        EXPECT_EQ(parse_boot_words(line).at, checkpoint::Generation()) << line;
}

TEST(BootWords, ThatAreNoneAreIgnored) {
    for (auto const* line : {"", "interval", "interval=", "interval=5x", "interval=-1", "xinterval=5",
                             "holding", "interval=99999999999"}) {
        auto const words = parse_boot_words(line);
        EXPECT_FALSE(words.interval_ms.has_value()) << line;
        EXPECT_FALSE(words.hold) << line;
        EXPECT_FALSE(words.previous) << line;
    }
    EXPECT_EQ(parse_boot_words("interval=0").interval_ms, 0u);
}

TEST(Pacing, NothingIsDueBeforeItRuns) {
    Pacing pacing;
    pacing.ask();
    EXPECT_FALSE(pacing.due(100 * ms));
    EXPECT_EQ(pacing.wake_at(0), Pacing::never);
}

TEST(Pacing, TheIntervalCountsFromSnapshotToSnapshot) {
    Pacing pacing;
    pacing.start(0, 10 * ms);
    EXPECT_FALSE(pacing.due(10 * ms - 1));
    EXPECT_EQ(pacing.wake_at(0), 10 * ms);
    EXPECT_TRUE(pacing.due(10 * ms));
    EXPECT_FALSE(pacing.taken(10 * ms));
    pacing.committed(25 * ms);
    EXPECT_TRUE(pacing.due(25 * ms));
}

TEST(Pacing, ARequestIsAnsweredOnce) {
    Pacing pacing;
    pacing.start(0, 0);
    EXPECT_FALSE(pacing.due(1000 * ms));
    pacing.ask();
    EXPECT_TRUE(pacing.due(0));
    EXPECT_TRUE(pacing.taken(1));
    EXPECT_FALSE(pacing.due(1000 * ms));
    EXPECT_FALSE(pacing.taken(2));
}

TEST(Pacing, AFailureKeepsTheRequestAndWaitsASecond) {
    Pacing pacing;
    pacing.start(0, 10 * ms);
    pacing.ask();
    EXPECT_TRUE(pacing.taken(10 * ms));
    pacing.failed(12 * ms, true);
    EXPECT_FALSE(pacing.due(500 * ms));
    EXPECT_EQ(pacing.wake_at(20 * ms), 1012 * ms);
    EXPECT_TRUE(pacing.due(1012 * ms));
    EXPECT_TRUE(pacing.taken(1012 * ms));
}

TEST(Pacing, IdleIsSaidOnceASecondAfterTheLastCommit) {
    Pacing pacing;
    pacing.start(0, 0);
    pacing.committed(5 * ms);
    EXPECT_FALSE(pacing.idle(1004 * ms));
    EXPECT_EQ(pacing.wake_at(6 * ms), 1005 * ms);
    EXPECT_TRUE(pacing.idle(1005 * ms));
    EXPECT_FALSE(pacing.idle(5000 * ms));
    EXPECT_EQ(pacing.wake_at(5000 * ms), Pacing::never);
}

} // namespace
