// SPDX-License-Identifier: Apache-2.0
// A device that fails while a store is made on it: every k-th request in every way, on a device that is
// empty, and on one that has held a store. It is never called a success; what is left, also after a power
// cut, is refused as what it is, or is the new store, whole and empty; and it can be made anew.
#include "current_case.hpp"
#include "faulty_disk.hpp"
#include "scenes.hpp"

#include <abi/revision.hpp>
#include <checkpoint/format.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace tests {
namespace {

constexpr abi::disk::Random128 new_id = {77, 78};

enum class Left : std::uint8_t {
    refused, // no store, or one without root slots
    empty,   // the new one
    older,   // the one that was there before, with all that it had
    other,
};

class Making {
public:
    Making(std::vector<std::byte> const& before, DeviceFault const& fault, std::uint64_t k)
        : disk_(before, k), memory_(limits_) {
        disk_.arm(fault, k);
    }

    // Whether the fault came.
    bool run() {
        auto const made = format(disk_);
        auto const hit = disk_.failed() > 0;
        EXPECT_EQ(made.failed(), hit);
        if (hit) {
            EXPECT_EQ(made.error, abi::Error::io);
        }
        disk_.mend();
        for (auto const* const image : {&disk_.visible(), &disk_.durable()}) {
            auto const left = look(*image);
            EXPECT_NE(left, Left::other);
            EXPECT_TRUE(hit || left == Left::empty);
            refused_ += left == Left::refused ? 1 : 0;
            empty_ += left == Left::empty ? 1 : 0;
            older_ += left == Left::older ? 1 : 0;
            live_on(*image, left);
        }
        return hit;
    }

    std::uint64_t refused() const { return refused_; }
    std::uint64_t empty() const { return empty_; }
    std::uint64_t older() const { return older_; }

private:
    base::Result<> format(FaultyDisk& disk) {
        return checkpoint::format(disk, memory_.memory().io,
                                  {.store = new_id,
                                   .nonce = {79, 80},
                                   .label = "new",
                                   .created_ns = 1,
                                   .abi_revision = abi::abi_revision,
                                   .segment_shift = scene_shift});
    }

    Left look(std::vector<std::byte> const& image) {
        FaultyDisk disk(image, 1);
        checkpoint::OfflineStore reader;
        auto const opened = reader.open(disk, memory_.memory(), limits_);
        if (opened.error == abi::Error::not_a_store || opened.error == abi::Error::bad_superblock)
            return Left::refused;
        if (!opened) {
            ADD_FAILURE() << "open: " << abi::describe(opened.error).name;
            return Left::other;
        }
        QuietListener quiet;
        auto const checked = reader.check(quiet);
        // But for root slots, which are the first to go.
        auto const whole = checked && checked->checkpoints_readable == checked->checkpoints &&
                           checked->frames_damaged == 0 && !reader.recovery().lost_acknowledged;
        if (reader.superblock().store.low != new_id.low) {
            EXPECT_TRUE(whole) << "the store that was there is not what it was";
            return whole ? Left::older : Left::other;
        }
        EXPECT_TRUE(checked && checked->frames == 0 && checked->checkpoints_readable == 1);
        EXPECT_EQ(reader.recovery().generation, checkpoint::Generation(0, 1));
        return Left::empty;
    }

    // A whole one takes commits; any is made anew.
    void live_on(std::vector<std::byte> const& image, Left left) {
        FaultyDisk disk(image, 2);
        if (left != Left::empty) {
            ASSERT_TRUE(format(disk));
            ASSERT_EQ(look(disk.durable()), Left::empty);
        }
        ReferenceStore store(disk, limits_);
        ASSERT_TRUE(store.open(100));
        ASSERT_TRUE(store.commit({{2, {abi::FrameType::data_page, 0, false, 7}}}));
        ASSERT_TRUE(store.open(101));
        ASSERT_EQ(store.compare(), "");
    }

    checkpoint::Limits limits_ = small_limits(scene_segments);
    FaultyDisk disk_;
    EngineMemory memory_;
    std::uint64_t refused_ = 0, empty_ = 0, older_ = 0;
};

void fail_every_request(std::string const& name, std::vector<std::byte> const& before) {
    std::uint64_t points = 0, refused = 0, empty = 0, older = 0;
    for (auto const& fault : every_fault())
        for (std::uint64_t k = 1; k < 100; ++k) {
            auto const line = "format:" + name + ":" + name_of(fault) + ":" + std::to_string(k);
            if (!case_wanted(line)) continue;
            enter_case(line);
            SCOPED_TRACE("STELE_FAULTS_REPLAY=" + line);
            Making making(before, fault, k);
            auto const hit = making.run();
            if (testing::Test::HasFailure()) return;
            if (!hit) break;
            ++points;
            refused += making.refused();
            empty += making.empty();
            older += making.older();
        }
    std::printf(
        "%s: %lu faults, none a success; left: %lu refused, %lu whole and empty, %lu the store before; "
        "silent 0, crash 0, hang 0\n",
        name.c_str(), points, refused, empty, older);
    if (!case_wanted("")) return;
    EXPECT_GT(points, 50u);
    EXPECT_GT(refused, 50u);
    EXPECT_GT(empty, 10u);
}

TEST(FormatFaults, an_empty_device) {
    fail_every_request("empty", std::vector<std::byte>(std::size_t{scene_segments} << scene_shift));
}

TEST(FormatFaults, a_device_of_another_store) {
    for (auto const& scene : scenes())
        if (scene.name == "noted" || scene.name == "not-noted") fail_every_request(scene.name, scene.image);
}

} // namespace
} // namespace tests
