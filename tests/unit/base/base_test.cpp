// SPDX-License-Identifier: Apache-2.0
// The vocabulary: results, bits, lists, vectors, text.
#include <base/bits.hpp>
#include <base/bytes.hpp>
#include <base/fixed_vector.hpp>
#include <base/format.hpp>
#include <base/intrusive_list.hpp>
#include <base/result.hpp>
#include <base/strong.hpp>

#include <abi/error.hpp>

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>

namespace {

base::Result<int> half(int value) {
    if (value % 2 != 0) return base::fail(abi::Error::bad_argument);
    return value / 2;
}

base::Result<int> quarter(int value) { return TRY(half(TRY(half(value)))); }

TEST(Result, TryPassesValuesOnAndErrorsOut) {
    EXPECT_EQ(*quarter(12), 3);
    EXPECT_EQ(quarter(6).error, abi::Error::bad_argument);
    EXPECT_TRUE(quarter(7).failed());
    EXPECT_FALSE(quarter(8).failed());
}

TEST(Bits, FieldsKeepToThemselves) {
    using Middle = base::Field<11, 4>;
    EXPECT_EQ(Middle::mask, 0xff0u);
    EXPECT_EQ(Middle::get(0xabcd), 0xbcu);
    EXPECT_EQ(Middle::set(0xabcd, 0x1ff), 0xaffdu);
    EXPECT_EQ((base::Field<63, 0>::get(~0ull)), ~0ull);
}

TEST(Bytes, ReadAndWriteAreInverse) {
    std::array<std::byte, 16> bytes{};
    base::write<std::uint64_t>(bytes, 3, 0x1122334455667788);
    EXPECT_EQ(base::read<std::uint64_t>(bytes, 3), 0x1122334455667788u);
    EXPECT_FALSE(base::all_zero(bytes));
    EXPECT_TRUE(base::all_zero(base::ConstBytes(bytes).first(3)));
    EXPECT_DEATH(static_cast<void>(base::read<std::uint64_t>(bytes, 9)), "expects");
}

TEST(IndexList, AgreesWithADeque) {
    std::mt19937 random(7);
    std::array<base::ListLink, 32> links{};
    base::ListHead head;
    base::IndexList list(head, [&](std::uint32_t i) -> base::ListLink& { return links[i]; });
    std::deque<std::uint32_t> model;
    for (int step = 0; step < 20'000; ++step) {
        auto const element = static_cast<std::uint32_t>(random() % links.size());
        auto const at = std::find(model.begin(), model.end(), element);
        if (at != model.end()) {
            list.remove(element);
            model.erase(at);
        } else if (random() % 2 == 0) {
            list.push_back(element);
            model.push_back(element);
        } else {
            list.push_front(element);
            model.push_front(element);
        }
        ASSERT_EQ(head.count, model.size());
        auto seen = head.head;
        for (auto const wanted : model) {
            ASSERT_EQ(seen, wanted);
            seen = links[seen].next;
        }
        ASSERT_EQ(seen, base::ListLink::none);
    }
}

TEST(FixedVector, RefusesMoreThanItHolds) {
    base::FixedVector<int, 3> vector;
    for (int i = 0; i < 3; ++i) vector.push_back(i);
    EXPECT_TRUE(vector.full());
    vector.remove_unordered(0);
    EXPECT_EQ(vector[0], 2);
    EXPECT_EQ(vector.size(), 2u);
    vector.push_back(9);
    EXPECT_DEATH(vector.push_back(10), "expects");
}

TEST(Format, PrintsNumbersAndSaysWhenItCut) {
    base::TextBuffer<12> text;
    base::print(text, "f ", base::Hex{0x2f}, ' ', -7);
    EXPECT_EQ(text.view(), "f 0x2f -7");
    EXPECT_FALSE(text.truncated());
    base::print(text, "abcdef");
    EXPECT_EQ(text.view(), "f 0x2f -7abc");
    EXPECT_TRUE(text.truncated());
}

} // namespace
