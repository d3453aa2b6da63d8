// SPDX-License-Identifier: Apache-2.0
// What the migrator does, in a map: takes and drains snapshots, keeps the committed
// images, supplies absent frames.
#pragma once

#include "fixture.hpp"

#include <snapshot/release.hpp>
#include <snapshot/take.hpp>

#include <array>
#include <map>
#include <vector>

namespace kernel::testing {

class FakeStore {
public:
    struct Stored {
        FrameImage image;
        std::vector<std::byte> content;
    };
    using Images = std::map<std::uint64_t, Stored>;

    explicit FakeStore(World& world) : world_(world) {}
    // What an earlier boot has committed.
    FakeStore(World& world, Images images) : world_(world), committed_(std::move(images)) {}

    void begin() {
        ASSERT_TRUE(take(world_.kernel()));
        pending_.clear();
    }
    // One image, if any is left.
    void drain_one() {
        FrameImage image;
        alignas(64) std::array<std::byte, abi::frame_size> content;
        auto const more = drain_next(world_.kernel(), image, content);
        ASSERT_TRUE(more) << "audit";
        if (*more) pending_[image.id.raw()] = {image, {content.begin(), content.end()}};
    }
    void drain_all() {
        while (!drained(world_.kernel())) ASSERT_NO_FATAL_FAILURE(drain_one());
    }
    void commit() {
        ASSERT_TRUE(commit_snapshot(world_.kernel(), ++generation_));
        for (auto& [id, stored] : pending_) committed_[id] = std::move(stored);
        pending_.clear();
    }
    void abandon() {
        abandon_snapshot(world_.kernel());
        pending_.clear();
    }
    void checkpoint() {
        ASSERT_NO_FATAL_FAILURE(begin());
        ASSERT_NO_FATAL_FAILURE(drain_all());
        ASSERT_NO_FATAL_FAILURE(commit());
    }

    // Answers a request for the frame that Error::absent named.
    FrameIndex supply(abi::FrameId id) {
        auto const at = committed_.find(id.raw());
        Result<FrameIndex> frame;
        if (at == committed_.end()) {
            frame = install_absent(world_.kernel(), id, abi::Version());
        } else {
            auto const& [image, content] = at->second;
            frame = install_supplied(world_.kernel(), {image.id, image.type, image.mark}, content);
        }
        EXPECT_TRUE(frame) << static_cast<unsigned>(frame.error);
        return frame ? *frame : no_frame;
    }
    FrameIndex supply_absent() { return supply(core(world_.kernel()).absent); }

    Images const& committed() const { return committed_; }

private:
    World& world_;
    Images pending_;
    Images committed_;
    std::uint64_t generation_ = 0;
};

} // namespace kernel::testing
