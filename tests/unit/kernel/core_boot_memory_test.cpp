// SPDX-License-Identifier: Apache-2.0
// Usable memory before the frame cache: nothing reserved is ever given out, nothing twice.
#include <core/boot_memory.hpp>

#include <arch/direct_map.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace kernel {
namespace {

constexpr std::uint64_t mib = 1 << 20;

TEST(BootMemory, IgnoresTheFirstMebibyteAndPartialPages) {
    BootMemory memory;
    memory.add(0, mib);
    EXPECT_EQ(memory.total_bytes(), 0u);
    memory.add(mib + 1, 3 * 4096);
    ASSERT_EQ(memory.ranges().size(), 1u);
    EXPECT_EQ(memory.ranges()[0].start.raw(), mib + 4096);
    EXPECT_EQ(memory.total_bytes(), 2u * 4096);
    EXPECT_EQ(memory.frame_end(), (mib + 3 * 4096) / 4096);
}

TEST(BootMemory, ReservingCutsRanges) {
    BootMemory memory;
    memory.add(mib, 8 * mib);
    memory.reserve(2 * mib + 100, 3 * mib - 100); // rounded outwards to pages
    EXPECT_EQ(memory.total_bytes(), 7 * mib);
    memory.reserve(0, 64 * mib);
    EXPECT_EQ(memory.total_bytes(), 0u);
}

TEST(BootMemory, TakesTheLowestAlignedPiece) {
    BootMemory memory;
    memory.add(6 * mib, 4 * mib);
    memory.add(mib, 2 * mib);
    EXPECT_EQ(memory.take(4096).raw(), mib);
    EXPECT_EQ(memory.take(2 * mib, 2 * mib).raw(), 6 * mib);
    EXPECT_EQ(memory.take(1, 4096).raw(), mib + 4096);
}

TEST(BootMemory, TakenPagesAreZero) {
    BootMemory memory;
    memory.add(mib, mib);
    std::fill_n(arch::direct_map(PhysicalAddress(mib)), mib, std::byte{0x55});
    auto const page = memory.take(4096);
    for (auto const byte : arch::frame_bytes(frame_index(page))) ASSERT_EQ(byte, std::byte{0});
}

// Against a model of one flag a page.
TEST(BootMemory, NeverGivesOutAPageTwice) {
    constexpr std::size_t pages = arch::fake_memory_frames;
    std::mt19937 random(20260101);
    for (int round = 0; round < 200; ++round) {
        BootMemory memory;
        std::vector<bool> free(pages);
        memory.add(mib, (pages - 256) * 4096);
        for (std::size_t page = 256; page < pages; ++page) free[page] = true;
        for (int i = 0; i < 20; ++i) {
            std::uint64_t const start = random() % pages;
            std::uint64_t const end = std::min<std::uint64_t>(pages, start + random() % 64 + 1);
            memory.reserve(start * 4096, end * 4096);
            for (auto page = start; page < end; ++page) free[page] = false;
            std::uint64_t const count = random() % 4 + 1;
            auto const taken = memory.take(count * 4096, 4096u << (random() % 4));
            for (auto page = frame_index(taken); page < frame_index(taken) + count; ++page) {
                ASSERT_TRUE(free[page]);
                free[page] = false;
            }
        }
        ASSERT_EQ(memory.total_bytes() / 4096,
                  static_cast<std::uint64_t>(std::count(free.begin(), free.end(), true)));
    }
}

TEST(BootMemoryDeathTest, PanicsWhenMemoryIsShort) {
    BootMemory memory;
    memory.add(mib, mib);
    EXPECT_DEATH(memory.take(2 * mib), "not enough memory");
}

} // namespace
} // namespace kernel
