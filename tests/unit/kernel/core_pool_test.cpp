// SPDX-License-Identifier: Apache-2.0
// Fixed pools: every item is in use or free, never both.
#include <core/pool.hpp>

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace kernel {
namespace {

struct Item {
    std::uint32_t pool_link = no_index;
    int value = 0;
};

TEST(Pool, GivesEachItemOnceAndThenNone) {
    std::array<Item, 8> storage;
    Pool<Item> pool;
    pool.start(storage);
    std::set<std::uint32_t> seen;
    for (std::size_t i = 0; i < storage.size(); ++i) {
        auto const index = pool.allocate();
        ASSERT_LT(index, storage.size());
        EXPECT_TRUE(seen.insert(index).second);
    }
    EXPECT_TRUE(pool.empty());
    EXPECT_EQ(pool.allocate(), no_index);
    EXPECT_EQ(pool.used(), storage.size());
}

TEST(Pool, ReleasedItemsComeBackFresh) {
    std::array<Item, 2> storage;
    Pool<Item> pool;
    pool.start(storage);
    auto const index = pool.allocate();
    pool[index].value = 7;
    pool.release(index);
    EXPECT_EQ(pool.used(), 0u);
    EXPECT_EQ(pool[pool.allocate()].value, 0);
}

TEST(PoolDeathTest, ReleasingMoreThanAllocatedIsAContract) {
    std::array<Item, 2> storage;
    Pool<Item> pool;
    pool.start(storage);
    EXPECT_DEATH(pool.release(0), "expects");
}

} // namespace
} // namespace kernel
