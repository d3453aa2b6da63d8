// SPDX-License-Identifier: Apache-2.0
// The space bank's books: places for what is sold, and counts that agree whatever is bought and given back.
#include "ledger.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace {

using abi::FrameType;
using space_bank::Item;
using space_bank::Ledger;

struct Sold {
    std::size_t account;
    Item item;
};

std::unique_ptr<Ledger> open_ledger(std::uint64_t limit) {
    auto ledger = std::make_unique<Ledger>();
    for (std::size_t account = 1; account <= space_bank::account_count; ++account)
        ledger->open(account, limit);
    return ledger;
}

TEST(Ledger, KnowsItsAccountsOnly) {
    auto const ledger = open_ledger(1);
    EXPECT_FALSE(ledger->has(0));
    EXPECT_TRUE(ledger->has(1));
    EXPECT_TRUE(ledger->has(space_bank::account_count));
    EXPECT_FALSE(ledger->has(space_bank::account_count + 1));
}

TEST(Ledger, APageIsFreeAgainWhenItIsGivenBack) {
    auto const ledger = open_ledger(2);
    ledger->sold(1, {0, 0}, FrameType::data_page);
    EXPECT_EQ(*ledger->free_frame(), 1u);
    ledger->sold(1, {1, 0}, FrameType::capability_page);
    EXPECT_FALSE(ledger->may_buy(1));
    EXPECT_TRUE(ledger->may_buy(2));
    ledger->returned({0, 0});
    EXPECT_EQ(*ledger->free_frame(), 0u);
    EXPECT_TRUE(ledger->may_buy(1));
    EXPECT_EQ(ledger->account(1).created, 2u);
    EXPECT_EQ(ledger->account(1).live, 1u);
    EXPECT_EQ(ledger->account(1).freed, 1u);
    EXPECT_TRUE(ledger->consistent());
}

TEST(Ledger, ARangeEndsWhereTheKernelSays) {
    auto const ledger = open_ledger(10);
    ledger->end_of_range(2);
    ledger->withdraw(0);
    ASSERT_EQ(*ledger->free_frame(), 1u);
    ledger->sold(1, {1, 0}, FrameType::data_page);
    EXPECT_FALSE(ledger->free_frame());
}

TEST(Ledger, AnObjectFrameHoldsOneAccountsObjects) {
    auto const ledger = open_ledger(100);
    EXPECT_FALSE(ledger->object_place(1, FrameType::patt));
    ledger->admitted(0, FrameType::patt);
    auto const first = ledger->object_place(1, FrameType::patt);
    ASSERT_TRUE(first);
    ledger->sold(1, *first, FrameType::patt);
    EXPECT_FALSE(ledger->object_place(2, FrameType::patt));
    EXPECT_FALSE(ledger->object_place(1, FrameType::endpoint));
    for (unsigned i = 1; i < abi::shape_of(FrameType::patt).objects; ++i)
        ledger->sold(1, *ledger->object_place(1, FrameType::patt), FrameType::patt);
    EXPECT_FALSE(ledger->object_place(1, FrameType::patt));
    // Empty again, the frame stays with its heap and is anybody's.
    for (unsigned i = 0; i < abi::shape_of(FrameType::patt).objects; ++i) ledger->returned({0, i});
    EXPECT_EQ(*ledger->free_frame(), 1u);
    ASSERT_TRUE(ledger->object_place(2, FrameType::patt));
    EXPECT_TRUE(ledger->consistent());
}

TEST(Ledger, SeesACountThatDoesNotAgree) {
    auto const ledger = open_ledger(1);
    ledger->sold(1, {0, 0}, FrameType::data_page);
    ASSERT_TRUE(ledger->consistent());
    ledger->sold(1, {1, 0}, FrameType::data_page); // above the limit
    EXPECT_FALSE(ledger->consistent());
}

TEST(Ledger, CountsAgreeAfterEveryOperation) {
    std::mt19937 random(17);
    auto const ledger = open_ledger(200);
    std::vector<Sold> sold;
    constexpr FrameType types[] = {FrameType::data_page, FrameType::patt, FrameType::endpoint,
                                   FrameType::process};
    std::uint64_t created = 0, freed = 0;
    for (int step = 0; step < 4000; ++step) {
        if (!sold.empty() && random() % 2 == 0) {
            auto const at = sold.begin() + static_cast<std::ptrdiff_t>(random() % sold.size());
            ledger->returned(at->item);
            sold.erase(at);
            ++freed;
        } else {
            auto const account = 1 + random() % space_bank::account_count;
            auto const type = types[random() % 4];
            if (!ledger->may_buy(account)) continue;
            auto place = type == FrameType::data_page ? Item{*ledger->free_frame(), 0} : Item{};
            if (type != FrameType::data_page) {
                if (!ledger->object_place(account, type)) ledger->admitted(*ledger->free_frame(), type);
                place = *ledger->object_place(account, type);
            }
            for (auto const& other : sold)
                ASSERT_FALSE(other.item.frame == place.frame && other.item.object == place.object);
            ledger->sold(account, place, type);
            sold.push_back({account, place});
            ++created;
        }
        ASSERT_TRUE(ledger->consistent()) << "step " << step;
        ASSERT_EQ(ledger->total().created, created);
        ASSERT_EQ(ledger->total().live, sold.size());
        ASSERT_EQ(ledger->total().freed, freed);
    }
}

} // namespace
