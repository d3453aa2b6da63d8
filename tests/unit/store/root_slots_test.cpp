// SPDX-License-Identifier: Apache-2.0
// Root slots as bytes: what is not one is called so, byte by byte and field by field.
#include <gtest/gtest.h>
#include <store/root_slots.hpp>

#include <array>

namespace store {
namespace {

using abi::disk::sector_size;

RootSlot good_slot() {
    RootSlot slot;
    slot.slot = 1;
    slot.segment_shift = 14;
    slot.segments = 64;
    slot.generation = 3;
    slot.record = {Extent::make(40, 1), Extent::make(70, 1)};
    slot.next = {Extent::make(41, 1), Extent::make(71, 1)};
    return slot;
}

SlotState decoded(RootSlot const& slot) {
    std::array<std::byte, sector_size> sector{};
    encode_slot(slot, sector);
    return decode_slot(sector, 1);
}

TEST(RootSlots, a_slot_comes_back) {
    auto slot = good_slot();
    slot.retain = 9;
    slot.interval_ms = 250;
    slot.processor_features = 7;
    auto const state = decoded(slot);
    EXPECT_TRUE(state.valid());
    EXPECT_EQ(state.slot.retain, 9u);
    EXPECT_EQ(state.slot.interval_ms, 250u);
    EXPECT_EQ(state.slot.processor_features, 7u);
    EXPECT_EQ(state.slot.record, slot.record);
}

TEST(RootSlots, every_bit_is_covered) {
    std::array<std::byte, sector_size> sector{};
    encode_slot(good_slot(), sector);
    ASSERT_TRUE(decode_slot(sector, 1).valid());
    for (std::size_t bit = 0; bit < sector.size() * 8; ++bit) {
        sector[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        EXPECT_FALSE(decode_slot(sector, 1).valid()) << bit;
        sector[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    }
}

TEST(RootSlots, fields_out_of_range_are_refused_though_the_hash_is_good) {
    auto const refused = [](auto change) {
        auto slot = good_slot();
        change(slot);
        auto const state = decoded(slot);
        return state.hash_matches && !state.valid();
    };
    EXPECT_TRUE(refused([](RootSlot& s) { s.slot = 0; })); // misdirected
    EXPECT_TRUE(refused([](RootSlot& s) { s.segment_shift = 13; }));
    EXPECT_TRUE(refused([](RootSlot& s) { s.segment_shift = 25; }));
    EXPECT_TRUE(refused([](RootSlot& s) { s.segments = 15; }));
    EXPECT_TRUE(refused([](RootSlot& s) { s.segments = ~std::uint64_t{0}; }));
    EXPECT_TRUE(refused([](RootSlot& s) { s.generation = 0; }));
    EXPECT_TRUE(refused([](RootSlot& s) { s.record[0] = {}; }));
    EXPECT_TRUE(refused([](RootSlot& s) { s.record[1] = Extent::make(70, 2); }));
    EXPECT_TRUE(refused([](RootSlot& s) { s.next[0] = Extent::make(31, 1); }));      // before the log
    EXPECT_TRUE(refused([](RootSlot& s) { s.next[1] = Extent::make(63 * 32, 1); })); // behind it
}

} // namespace
} // namespace store
