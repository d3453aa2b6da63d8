// SPDX-License-Identifier: Apache-2.0
// Reading ahead: what is served is what was read for this pass, and who waits always has a slot.
#include "read_ahead.hpp"
#include "reference_store.hpp"
#include "simulated_disk.hpp"
#include "state.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>

namespace tests {
namespace {

using abi::Error;
using abi::disk::Extent;
using checkpoint::AheadSlot;

// The requests stay where they are: the test says when one is back.
class ReadAhead : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(store_.format(14));
        ASSERT_TRUE(store_.open(1000));
        ahead_.emplace(store_.engine().state());
        ahead_->init(memory_);
    }

    static Extent place(std::uint64_t block) { return Extent::make(64 + block * 8, 8); }
    bool arrived(std::uint64_t block) {
        auto const* const slot = ahead_->find(place(block));
        return slot != nullptr && slot->state == AheadSlot::State::arrived;
    }

    checkpoint::ReadAhead& ahead() { return *ahead_; }

private:
    SimulatedDisk disk_{std::size_t{40} << 14, {.seed = 1}};
    ReferenceStore store_{disk_, small_limits(40)};
    std::optional<checkpoint::ReadAhead> ahead_;
    std::array<std::byte, 3 * abi::disk::node_size> memory_{};
};

TEST_F(ReadAhead, what_is_asked_twice_is_read_once) {
    auto* const slot = ahead().begin(place(1));
    ASSERT_NE(slot, nullptr);
    EXPECT_EQ(ahead().begin(place(1)), slot);
    EXPECT_FALSE(arrived(1));
    EXPECT_EQ(ahead().complete(0, Error::none), slot);
    EXPECT_TRUE(arrived(1));
    ahead().release(*slot);
    EXPECT_EQ(ahead().find(place(1)), nullptr);
}

TEST_F(ReadAhead, one_slot_is_left_for_who_waits) {
    EXPECT_NE(ahead().begin(place(1)), nullptr);
    EXPECT_NE(ahead().begin(place(2)), nullptr);
    EXPECT_EQ(ahead().begin(place(3)), nullptr);
    EXPECT_NE(ahead().begin_now(place(3)), nullptr);
    EXPECT_EQ(ahead().begin_now(place(4)), nullptr);
}

TEST_F(ReadAhead, what_was_read_for_an_earlier_pass_is_not_served) {
    ahead().begin(place(1));
    ahead().begin(place(2));
    ahead().complete(0, Error::none);
    ahead().clear();
    EXPECT_EQ(ahead().find(place(1)), nullptr);
    // This one is in flight: its slot is nobody's until it is back.
    EXPECT_EQ(ahead().find(place(2)), nullptr);
    auto const* const again = ahead().begin(place(2));
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(ahead().complete(1, Error::none), nullptr);
    EXPECT_FALSE(arrived(2));
    EXPECT_EQ(ahead().complete(0, Error::none), again);
    EXPECT_TRUE(arrived(2));
}

TEST_F(ReadAhead, what_was_passed_by_is_let_go) {
    ahead().begin(place(1))->end = 10;
    ahead().begin(place(2))->end = 20;
    ahead().complete(0, Error::none);
    ahead().complete(1, Error::none);
    ahead().release_before(10);
    EXPECT_FALSE(arrived(1));
    EXPECT_TRUE(arrived(2));
}

} // namespace
} // namespace tests
