// SPDX-License-Identifier: Apache-2.0
// Gone blocks (decision 0011): what no checkpoint sees is given up before a fold; what one sees never is; and
// who says otherwise is found out.
#include "recorded_disk.hpp"
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>
#include <store/hash.hpp>

#include <algorithm>
#include <set>

namespace tests {
namespace {

using abi::Error;
using abi::disk::CommitRecord;
using checkpoint::CheckpointInfo;
using checkpoint::Generation;

constexpr std::uint32_t shift = 14;

struct Shape {
    std::uint32_t segments;
    std::uint64_t frames;
    std::uint32_t fold_above;
    checkpoint::Limits limits() const {
        auto limits = small_limits(segments);
        limits.directories = 64;
        limits.fold_above = fold_above;
        return limits;
    }
};
// Near the line where allocation is refused: of unmigrated checkpoints only the newest can be gone back to.
constexpr Shape crowded{112, 90, 40};
// Below it: the newest six.
constexpr Shape roomy{300, 400, 24};

struct Scene {
    explicit Scene(Shape const& its_shape)
        : shape(its_shape),
          disk(std::size_t{shape.segments} << shift, {.seed = 3}),
          store(disk, shape.limits()),
          memory(shape.limits()) {
        EXPECT_TRUE(store.format(shift, {.newest = 6, .tenths = 0, .seconds = 0}));
        EXPECT_TRUE(store.open(100));
        for (std::uint64_t first = 0; first < shape.frames; first += 10) {
            Model changes;
            for (std::uint64_t i = 0; i < 10; ++i) changes[2 + first + i] = page();
            EXPECT_TRUE(store.commit(changes));
        }
    }

    ModelFrame page() { return {abi::FrameType::data_page, 0, false, 1 + random()}; }
    void commit() {
        Model changes;
        for (int i = 0; i < 6; ++i) changes[2 + random() % shape.frames] = page();
        ASSERT_TRUE(store.commit(changes));
        for (auto const& info : store.history()) listed.insert(info.generation.raw());
    }
    // Until a relocation has given blocks up, and a checkpoint that is in memory yet cannot be gone back to.
    void give_up() {
        auto const done = [this] {
            auto const newest = store.history().front().record;
            return store.blocks_gone() > 0 && newest.readable_from > newest.base;
        };
        for (int i = 0; i < 400 && !done() && !testing::Test::HasFatalFailure(); ++i) {
            commit();
            store.settle();
        }
        ASSERT_TRUE(done());
    }
    CommitRecord newest() const { return store.history().front().record; }
    // Unmigrated, once listed, and not any more.
    std::vector<Generation> given_up() const {
        std::vector<Generation> list;
        auto const now = store.history();
        for (auto const raw : listed)
            if (raw >= newest().base && std::none_of(now.begin(), now.end(), [&](auto const& one) {
                    return one.generation.raw() == raw;
                }))
                list.push_back(Generation(raw));
        return list;
    }

    // Of the frames, all of which were there, those that are damaged.
    std::uint64_t damaged_at(checkpoint::OfflineStore& reader, Generation at) const {
        std::uint64_t damaged = 0;
        std::array<std::byte, abi::frame_size> content;
        for (std::uint64_t frame = 2; frame < 2 + shape.frames; ++frame) {
            auto const read = reader.read(at, abi::FrameId::persistent(frame), content);
            EXPECT_TRUE(read || read.error == Error::corrupt) << abi::describe(read.error).name;
            damaged += read.error == Error::corrupt;
        }
        return damaged;
    }

    Shape shape;
    SimulatedDisk disk;
    ReferenceStore store;
    EngineMemory memory;
    std::mt19937_64 random{5};
    std::set<std::uint64_t> listed;
};

TEST(Gone, what_no_checkpoint_sees_is_given_up_and_the_rest_is_whole) {
    Scene scene(crowded);
    auto& store = scene.store;
    std::uint64_t gone = 0, given_up = 0;
    for (std::uint64_t i = 0; i < 600 && !testing::Test::HasFatalFailure(); ++i) {
        scene.commit();
        if (i % 5 != 0) continue;
        ASSERT_EQ(store.compare_history(), "") << i;
        if (store.blocks_gone() == 0) continue;
        ++gone;
        given_up += store.engine().counters().blocks_given_up;
        ASSERT_TRUE(store.open(101 + i)) << i;
        ASSERT_EQ(store.compare(), "") << i;
    }
    EXPECT_GT(gone, 10u);
    EXPECT_GT(given_up, 100u);
}

// Those that were superseded a moment ago, and the few that retention keeps see them.
TEST(Gone, what_can_be_gone_back_to_is_whole) {
    Scene scene(roomy);
    auto& store = scene.store;
    std::uint64_t gone = 0;
    for (int i = 0; i < 700 && !testing::Test::HasFatalFailure(); ++i) {
        scene.commit();
        if (store.blocks_gone() == 0) continue;
        ++gone;
        EXPECT_GT(store.history().size(), 5u);
        ASSERT_EQ(store.compare_history(), "") << i;
    }
    EXPECT_GT(gone, 50u);
}

// A pin of a young checkpoint, taken and let go while blocks are given up around it.
TEST(Gone, a_pin_sees_what_it_saw) {
    Scene scene(crowded);
    auto& store = scene.store;
    std::uint64_t beside = 0; // times that blocks were given up beside the pin of an unmigrated checkpoint
    for (int round = 0; round < 40 && !testing::Test::HasFatalFailure(); ++round) {
        for (auto n = scene.random() % 9; n > 0; --n) scene.commit();
        auto const at = store.engine().newest();
        auto const name = "pin " + std::to_string(round);
        ASSERT_TRUE(store.pin(at, name));
        for (int i = 0; i < 20 && !testing::Test::HasFatalFailure(); ++i) {
            auto const before = store.engine().counters().blocks_given_up;
            scene.commit();
            beside += store.engine().counters().blocks_given_up > before && at.raw() > scene.newest().base;
            ASSERT_EQ(store.compare_history(), "") << round << " " << i;
        }
        ASSERT_TRUE(store.unpin(name));
    }
    EXPECT_GT(beside, 10u);
}

TEST(Gone, a_checkpoint_that_cannot_be_gone_back_to_is_no_checkpoint) {
    Scene scene(crowded);
    auto& store = scene.store;
    scene.give_up();
    auto const lost = scene.given_up();
    ASSERT_FALSE(lost.empty());
    UndoDisk image(scene.disk.image());
    checkpoint::OfflineStore reader;
    ASSERT_TRUE(reader.open(image, scene.memory.memory(), scene.shape.limits()));
    for (auto const at : lost) {
        EXPECT_EQ(reader.find(at, abi::FrameId::persistent(2)).error, Error::no_such_checkpoint);
        EXPECT_EQ(store.pin(at, "late").error, Error::no_such_checkpoint);
        EXPECT_EQ(store.roll_back(at).error, Error::no_such_checkpoint);
    }
    EXPECT_EQ(store.compare(), "");
}

// A record that names more checkpoints than those whose blocks are there: `check` says so, and what is gone
// is never given out. (The newest record is forged before a root slot knows its hash.)
TEST(Gone, a_gone_block_that_a_checkpoint_sees_is_damage) {
    Scene scene(crowded);
    auto& store = scene.store;
    scene.give_up();
    UndoDisk image(scene.disk.image());
    auto record = scene.newest();
    auto const base = Generation(record.base);
    record.readable_from = record.base;
    std::vector<std::byte> sector(abi::disk::sector_size);
    base::write(base::Bytes(sector), 0, record);
    record.hash = store::hash128(abi::disk::HashSeed::record,
                                 base::ConstBytes(sector).subspan(abi::disk::record_hash_from));
    base::write(base::Bytes(sector), 0, record);
    for (auto const place : record.self) image.apply(place.offset(), sector);

    checkpoint::OfflineStore reader;
    ASSERT_TRUE(reader.open(image, scene.memory.memory(), scene.shape.limits()));
    ASSERT_EQ(reader.recovery().generation.raw(), record.generation);
    QuietListener quiet;
    auto const result = reader.check(quiet);
    ASSERT_TRUE(result);
    EXPECT_GT(result->findings, 0u);
    EXPECT_LT(result->checkpoints_readable, result->checkpoints);
    EXPECT_EQ(result->frames_damaged, 0u); // the newest sees none of them
    EXPECT_GT(scene.damaged_at(reader, base), 0u);

    // Who writes goes on with what is whole; no fold keeps such a version, and makes it look like another.
    ReferenceStore writer(image, Shape{crowded.segments, crowded.frames, 8}.limits());
    writer.adopt(store.models(), store.acknowledged());
    ASSERT_TRUE(writer.open(102));
    ASSERT_TRUE(writer.pin(base, "damaged"));
    for (std::uint64_t i = 0; i < 12; ++i) {
        auto const done = writer.commit({{2 + i, scene.page()}});
        ASSERT_TRUE(done || done.error == Error::corrupt);
        EXPECT_EQ(writer.compare(), "");
    }
    writer.settle();
    ASSERT_TRUE(reader.open(image, scene.memory.memory(), scene.shape.limits()));
    EXPECT_GT(scene.damaged_at(reader, base), 0u);
}

} // namespace
} // namespace tests
