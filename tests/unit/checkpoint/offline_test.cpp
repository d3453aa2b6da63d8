// SPDX-License-Identifier: Apache-2.0
// The offline reader against the model: every retained checkpoint, and `check` of good and damaged stores.
#include "recorded_disk.hpp"
#include "reference_store.hpp"
#include "simulated_disk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace tests {
namespace {

constexpr std::uint32_t small_segment = 14;

class Listener final : public checkpoint::CheckListener {
public:
    void report(store::Corruption const& corruption) override { findings.push_back(corruption); }
    void progress(checkpoint::CheckPhase, std::uint64_t done, std::uint64_t) override { last = done; }
    std::vector<store::Corruption> findings;
    std::uint64_t last = 0;
};

// A store with folds, shared blocks, zero frames and several retained checkpoints behind it.
struct Prepared {
    explicit Prepared(std::uint64_t seed)
        : disk(64 << small_segment, {.seed = seed}), store(disk, small_limits(64)) {
        std::mt19937_64 random(seed);
        EXPECT_TRUE(store.format(small_segment));
        EXPECT_TRUE(store.open(100));
        for (int i = 0; i < 60; ++i) {
            Model changes;
            for (int k = 0; k < 5; ++k) {
                auto& facts = changes[2 + random() % 30];
                facts.type = random() % 3 == 0 ? abi::FrameType::process : abi::FrameType::data_page;
                facts.live = facts.type == abi::FrameType::process;
                facts.mark = static_cast<std::uint32_t>(random() % 3);
                facts.seed = random() % 4;
            }
            EXPECT_TRUE(store.commit(changes));
        }
        // A root slot names the newest: what is damaged of it does not pass for torn.
        store.engine().note_idle();
        store.settle();
    }
    SimulatedDisk disk;
    ReferenceStore store;
};

TEST(Offline, every_retained_checkpoint_equals_its_model) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Prepared prepared(seed);
        auto const limits = small_limits(64);
        EngineMemory memory(limits);
        UndoDisk image(prepared.disk.image());
        checkpoint::OfflineStore reader;
        ASSERT_TRUE(reader.open(image, memory.memory(), limits));
        std::array<checkpoint::CheckpointInfo, 66> list;
        auto const count = reader.history(list);
        EXPECT_GE(count, limits.kept);
        std::size_t compared = 0;
        for (auto const& info : std::span(list).first(count)) {
            auto const known = prepared.store.generations().find(info.generation.raw());
            if (known == prepared.store.generations().end()) continue;
            Model found;
            auto const walked = reader.for_each(info.generation, [&](checkpoint::FrameInfo const& frame) {
                std::array<std::byte, abi::frame_size> content;
                auto const read = reader.read(info.generation, frame.frame, content);
                EXPECT_TRUE(read);
                ModelFrame facts{frame.type, frame.mark.raw(), frame.live, 0};
                std::memcpy(&facts.seed, content.data(), 8);
                found[frame.frame.number()] = facts;
                return true;
            });
            ASSERT_TRUE(walked);
            EXPECT_EQ(found, prepared.store.models()[known->second]);
            ++compared;
        }
        EXPECT_GE(compared, limits.kept);
        Listener listener;
        auto const result = reader.check(listener);
        ASSERT_TRUE(result);
        EXPECT_EQ(result->findings, 0u);
        EXPECT_EQ(result->frames, prepared.store.models()[prepared.store.acknowledged()].size());
        EXPECT_EQ(result->checkpoints_readable, result->checkpoints);
        EXPECT_TRUE(result->space_balances);
        EXPECT_GT(result->map_nodes, 0u);
        EXPECT_EQ(image.writes(), 0u);
    }
}

TEST(Offline, live_processes_come_back) {
    Prepared prepared(9);
    ASSERT_TRUE(prepared.store.open(200));
    std::vector<std::uint64_t> live;
    ASSERT_TRUE(
        prepared.store.engine().for_each_live([&](abi::FrameId frame) { live.push_back(frame.number()); }));
    std::sort(live.begin(), live.end());
    std::vector<std::uint64_t> want;
    for (auto const& [frame, facts] : prepared.store.models()[prepared.store.acknowledged()])
        if (facts.live) want.push_back(frame);
    EXPECT_EQ(live, want);
    EXPECT_GT(want.size(), 3u);
}

// Each sector in turn is damaged: what is referred to is reported, what is not is
// harmless, nothing wrong is given out.
TEST(Offline, every_damaged_sector_is_reported_or_unreferenced) {
    Prepared prepared(3);
    auto const limits = small_limits(64);
    EngineMemory memory(limits);
    UndoDisk image(prepared.disk.image());
    auto const& model = prepared.store.models()[prepared.store.acknowledged()];
    std::uint64_t reported = 0, refused = 0, harmless = 0, healed = 0;
    std::vector<std::byte> bad(512);
    for (std::uint64_t offset = 0; offset < image.capacity(); offset += 512) {
        std::memcpy(bad.data(), image.image().data() + offset, 512);
        bad[offset / 512 % 512] ^= std::byte{0x10};
        image.apply(offset, bad);
        checkpoint::OfflineStore reader;
        Listener listener;
        auto const opened = reader.open(image, memory.memory(), limits, &listener);
        if (!opened) {
            EXPECT_EQ(opened.error, abi::Error::corrupt);
            ++refused;
        } else {
            auto const result = reader.check(listener);
            ASSERT_TRUE(result);
            // A frame is right or reported.
            std::array<std::byte, abi::frame_size> content;
            std::vector<std::byte> want(abi::frame_size);
            std::uint64_t wrong = 0;
            for (auto const& [frame, facts] : model) {
                auto const read =
                    reader.read(reader.recovery().generation, abi::FrameId::persistent(frame), content);
                if (!read) ++wrong;
                if (!read) continue;
                fill_content(facts.seed, want);
                EXPECT_EQ(std::memcmp(want.data(), content.data(), want.size()), 0) << offset;
            }
            EXPECT_EQ(wrong, result->frames_damaged) << offset;
            if (result->findings == 0) ++harmless;
            else if (wrong > 0) ++reported;
            else ++healed;
        }
        image.undo_to(0);
    }
    std::printf(
        "sectors: %lu harmless, %lu healed by the other copy or old, %lu frames reported, %lu refused\n",
        harmless, healed, reported, refused);
    EXPECT_GT(healed, 50u);
    EXPECT_GT(reported, 50u);
    EXPECT_EQ(refused, 0u);
}

// Recovery does not read a record twice: it tells of the bad copy when it walks over it.
TEST(Offline, recovery_tells_of_a_bad_copy_of_a_record_that_it_walks_over) {
    SimulatedDisk disk(64 << small_segment, {.seed = 2});
    ReferenceStore written(disk, small_limits(64));
    ASSERT_TRUE(written.format(small_segment));
    ASSERT_TRUE(written.open(100));
    for (std::uint64_t i = 0; i < 5; ++i)
        ASSERT_TRUE(written.commit({{2 + i, {abi::FrameType::data_page, 0, false, 1 + i}}}));
    written.settle();
    auto const walked = written.history()[1].record;
    UndoDisk image(disk.image());
    std::vector<std::byte> const zeros(512);
    image.apply(walked.self[0].offset(), zeros);
    EngineMemory memory(small_limits(64));
    checkpoint::OfflineStore reader;
    Listener listener;
    ASSERT_TRUE(reader.open(image, memory.memory(), small_limits(64), &listener));
    EXPECT_EQ(reader.recovery().records_walked, 5u);
    ASSERT_EQ(listener.findings.size(), 1u);
    EXPECT_EQ(listener.findings[0].finding, store::Finding::single_copy);
    EXPECT_EQ(listener.findings[0].part, store::Finding::record);
    EXPECT_EQ(listener.findings[0].offset, walked.self[0].offset());
}

} // namespace
} // namespace tests
