// SPDX-License-Identifier: Apache-2.0
// The migrator over a fake kernel, the driver's real queue and a disk that forgets:
// fetch, commit, restart, failures.
#include <migrator.hpp>

#include "fake_kernel.hpp"

#include <abi/operations/migrator.hpp>
#include <abi/resident_events.hpp>
#include <abi/revision.hpp>
#include <checkpoint/format.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

using abi::Error;
using abi::ResidentSlot;
using tests::KernelFrame;
using tests::SimulatedDrive;
using Image = SimulatedDrive::Image;

constexpr std::size_t disk_bytes = 16 << 20;
constexpr std::uint64_t millisecond = 1'000'000;

// A disk without a queue, to format on.
class MemoryDevice final : public store::BlockDevice {
public:
    explicit MemoryDevice(Image& image) : image_(image) {}
    std::uint64_t capacity() const override { return image_.size(); }
    void submit(store::Request const& request) override {
        auto* const at = image_.data() + request.offset;
        if (request.kind == store::RequestKind::read)
            std::memcpy(request.data.data(), at, request.data.size());
        if (request.kind == store::RequestKind::write)
            std::memcpy(at, request.data.data(), request.data.size());
        done_.push_back({request.tag, Error::none});
    }
    std::size_t poll(std::span<store::Completion> done, bool) override {
        std::size_t count = 0;
        for (; count < done.size() && !done_.empty(); ++count) {
            done[count] = done_.back();
            done_.pop_back();
        }
        return count;
    }

private:
    Image& image_;
    std::vector<store::Completion> done_;
};

Image formatted(std::uint64_t processor_features = 7) {
    Image image(disk_bytes);
    MemoryDevice device(image);
    alignas(4096) static std::byte buffer[4096];
    EXPECT_FALSE(checkpoint::format(device, buffer,
                                    {.store = {1, 2},
                                     .nonce = {3, 4},
                                     .label = "test",
                                     .abi_revision = abi::abi_revision,
                                     .processor_features = processor_features})
                     .failed());
    return image;
}

KernelFrame frame_of(std::uint32_t seed, bool live = false) {
    KernelFrame frame;
    frame.type = live ? abi::FrameType::process : abi::FrameType::data_page;
    frame.version = seed % 1000 + 1;
    frame.live = live;
    std::mt19937 random(seed);
    if (seed % 7 != 0) // every seventh page is zero
        for (auto& byte : frame.content) byte = static_cast<std::byte>(random());
    return frame;
}

struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
};

// One boot of the machine: arena, drive, kernel, migrator.
class Machine {
public:
    explicit Machine(Image image, std::string_view words = "interval=10", std::uint32_t seed = 1)
        : arena_(static_cast<std::byte*>(std::aligned_alloc(4096, abi::dma_arena_bytes))),
          tables_(static_cast<std::byte*>(std::aligned_alloc(64, table_bytes))),
          drive_({arena_.get(), abi::dma_arena_bytes}, std::move(image), seed),
          boot_(boot_info(words, seed)),
          kernel_(drive_),
          migrator_(authority()) {
        migrator_.start();
    }

    SimulatedDrive& drive() { return drive_; }
    tests::FakeKernel& kernel() { return kernel_; }

    // Rounds until the condition holds. Each ends in a receive, so a round that sleeps lets time pass.
    template <class Condition>
    testing::AssertionResult run_until(Condition condition, unsigned rounds = 20'000) {
        try {
            for (unsigned i = 0; i < rounds; ++i) {
                if (condition()) return testing::AssertionSuccess();
                migrator_.round();
            }
        } catch (tests::Asleep const&) {
            if (condition()) return testing::AssertionSuccess();
            return testing::AssertionFailure() << "the migrator sleeps for ever";
        }
        return testing::AssertionFailure() << "not after " << rounds << " rounds";
    }
    void run_for(std::uint64_t nanoseconds) {
        auto const end = kernel_.clock + nanoseconds;
        EXPECT_TRUE(run_until([&] { return kernel_.clock >= end; }));
    }
    std::vector<std::uint64_t> call(std::uint64_t operation) {
        std::vector<std::uint64_t> words;
        kernel_.call(operation, [&](std::vector<std::uint64_t> answer) { words = std::move(answer); });
        EXPECT_TRUE(run_until([&] { return !words.empty(); }));
        return words;
    }
    // As the supervisor does it.
    void resume() {
        EXPECT_EQ(call(abi::op::migrator::restore).at(0), 0u);
        EXPECT_EQ(call(abi::op::migrator::resume).at(0), 0u);
        EXPECT_TRUE(kernel_.resumed);
    }
    // In the order of Migrator.status, from 1.
    std::uint64_t status(std::size_t field) { return call(abi::op::migrator::status).at(field); }

    static constexpr std::size_t held_field = 4, error_field = 6, generation_field = 7, requests_field = 10,
                                 boots_field = 11, missing_field = 12;

private:
    static constexpr std::size_t table_bytes = 6 << 20;

    static abi::BootInfo boot_info(std::string_view words, std::uint32_t seed) {
        abi::BootInfo info{};
        info.random[0] = seed * 0x9e37'79b9'7f4a'7c15 + 1;
        info.random[1] = seed + 77;
        info.processor_features = 7;
        info.command_line_length = static_cast<std::uint32_t>(words.size());
        std::copy(words.begin(), words.end(), info.command_line.begin());
        return info;
    }
    migrator::Authority authority() {
        return {.arena = {arena_.get(), abi::dma_arena_bytes},
                .tables = {tables_.get(), table_bytes},
                .boot = boot_,
                .log = ResidentSlot::log,
                .clock = ResidentSlot::clock,
                .endpoint = ResidentSlot::endpoint,
                .supervisor = ResidentSlot::supervisor,
                .console = ResidentSlot::console,
                .block_driver = ResidentSlot::block_driver,
                .checkpoint = ResidentSlot::checkpoint,
                .object_source = ResidentSlot::object_source,
                .root = runtime::Slot(32),
                .received = runtime::Slot(40)};
    }

    std::unique_ptr<std::byte, Free> arena_;
    std::unique_ptr<std::byte, Free> tables_;
    SimulatedDrive drive_;
    abi::BootInfo boot_;
    tests::FakeKernel kernel_;
    migrator::Migrator migrator_;
};

void expect_equal(KernelFrame const& want, KernelFrame const& got) {
    EXPECT_EQ(want.type, got.type);
    EXPECT_EQ(want.version, got.version);
    EXPECT_TRUE(want.content == got.content);
}

TEST(Migrator, AnEmptyStoreIsRestoredAndTheFirstWritesAreCommitted) {
    Machine machine(formatted());
    EXPECT_EQ(machine.kernel().posts[abi::slot(ResidentSlot::supervisor)], 1u);
    EXPECT_GE(machine.kernel().boot_number, 1u);
    auto const before = machine.status(Machine::generation_field);
    machine.resume();
    for (std::uint64_t frame = 1; frame <= 20; ++frame)
        machine.kernel().write(frame, frame_of(static_cast<std::uint32_t>(frame), frame == 9));
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().generation > before; }));
    EXPECT_EQ(machine.status(Machine::generation_field), machine.kernel().generation);
    EXPECT_NE(machine.kernel().console_bits & abi::bits(abi::ConsoleEvent::committed), 0u);
}

TEST(Migrator, AfterACutEverythingCommittedComesBack) {
    Machine machine(formatted());
    machine.resume();
    for (std::uint64_t frame = 1; frame <= 50; ++frame)
        machine.kernel().write(frame, frame_of(static_cast<std::uint32_t>(frame), frame % 10 == 0));
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().committed_world.size() == 50; }));
    auto const world = machine.kernel().committed_world;
    auto const generation = machine.kernel().generation;
    Machine second(machine.drive().cut());
    EXPECT_EQ(second.status(2), generation);
    EXPECT_EQ(second.kernel().live, (std::set<std::uint64_t>{10, 20, 30, 40, 50}));
    EXPECT_EQ(second.status(3), 5u);
    second.resume();
    for (std::uint64_t frame = 1; frame <= 51; ++frame) second.kernel().want(frame);
    EXPECT_TRUE(second.run_until(
        [&] { return second.kernel().supplied.size() + second.kernel().absent.size() == 51; }));
    for (auto const& [frame, value] : world) expect_equal(value, second.kernel().supplied[frame]);
    EXPECT_EQ(second.kernel().absent.count(51), 1u);
}

TEST(Migrator, NothingIsCommittedWhenNothingIsDirty) {
    Machine machine(formatted());
    machine.resume();
    machine.run_for(3000 * millisecond);
    auto const generation = machine.kernel().generation;
    auto const flushes = machine.drive().flushes;
    auto const takes = machine.kernel().takes;
    machine.run_for(1000 * millisecond);
    EXPECT_GE(machine.kernel().takes, takes + 50);
    EXPECT_EQ(machine.kernel().generation, generation);
    EXPECT_EQ(machine.drive().flushes, flushes);
}

TEST(Migrator, WithIntervalZeroOnlyARequestTakesACheckpoint) {
    Machine machine(formatted(), "interval=0");
    machine.resume();
    machine.kernel().write(5, frame_of(5));
    EXPECT_FALSE(machine.run_until([&] { return machine.kernel().takes != 0; }));
    machine.kernel().post(abi::bits(abi::MigratorEvent::checkpoint_wanted));
    EXPECT_TRUE(machine.run_until([&] { return machine.status(Machine::requests_field) == 1; }));
    EXPECT_EQ(machine.kernel().committed_world.size(), 1u);
    // Nothing is dirty: the newest checkpoint is the answer.
    auto const generation = machine.kernel().generation;
    machine.kernel().post(abi::bits(abi::MigratorEvent::checkpoint_wanted));
    EXPECT_TRUE(machine.run_until([&] { return machine.status(Machine::requests_field) == 2; }));
    EXPECT_EQ(machine.kernel().generation, generation);
}

TEST(Migrator, ARefusedAuditLeavesTheOldCheckpointAndTheThirdStops) {
    Machine machine(formatted());
    machine.resume();
    machine.kernel().write(5, frame_of(5));
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().committed_world.size() == 1; }));
    auto const generation = machine.kernel().generation;
    machine.kernel().write(6, frame_of(6));
    machine.kernel().refuse_audits = 1;
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().abandons == 1; }));
    EXPECT_EQ(machine.kernel().generation, generation);
    EXPECT_EQ(machine.status(Machine::error_field), static_cast<std::uint64_t>(Error::audit_failed));
    EXPECT_NE(machine.kernel().console_bits & abi::bits(abi::ConsoleEvent::failed), 0u);
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().committed_world.size() == 2; }));
    machine.kernel().write(7, frame_of(7));
    machine.kernel().refuse_audits = 100;
    EXPECT_FALSE(machine.run_until([&] { return machine.kernel().abandons == 5; }));
    EXPECT_EQ(machine.kernel().abandons, 4u);
    EXPECT_EQ(machine.kernel().committed_world.size(), 2u);
}

TEST(Migrator, AFailedWriteAbandonsTheCommitAndTheNextOneHasItsFrames) {
    Machine machine(formatted());
    machine.resume();
    machine.kernel().write(5, frame_of(5));
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().committed_world.size() == 1; }));
    machine.kernel().write(6, frame_of(6));
    machine.drive().failing_writes = 1;
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().abandons == 1; }));
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().committed_world.size() == 2; }));
    auto const world = machine.kernel().committed_world;
    Machine second(machine.drive().cut());
    second.resume();
    for (std::uint64_t const frame : {5u, 6u}) second.kernel().want(frame);
    EXPECT_TRUE(second.run_until([&] { return second.kernel().supplied.size() == 2; }));
    for (auto const& [frame, value] : world) expect_equal(value, second.kernel().supplied[frame]);
}

TEST(Migrator, AnAnswerThatFindsNoMemoryIsGivenAgain) {
    Machine machine(formatted());
    machine.resume();
    for (std::uint32_t frame = 1; frame <= 12; ++frame)
        machine.kernel().write(frame, frame_of(100 + frame % 5));
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().committed_world.size() == 12; }));
    machine.kernel().refuse_supplies = 7;
    for (std::uint64_t frame = 1; frame <= 12; ++frame) machine.kernel().want(frame);
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().supplied.size() == 12; }));
}

TEST(Migrator, ALostBlockIsAClearFaultOfItsFrameOnly) {
    Machine machine(formatted());
    machine.resume();
    auto const marked = frame_of(3);
    machine.kernel().write(3, marked);
    machine.kernel().write(4, frame_of(4));
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().committed_world.size() == 2; }));
    auto const& disk = machine.drive().content();
    auto const at = std::search(disk.begin(), disk.end(), marked.content.begin(), marked.content.end());
    ASSERT_NE(at, disk.end());
    machine.drive().damage(static_cast<std::uint64_t>(at - disk.begin()) + 100);
    machine.kernel().want(3);
    machine.kernel().want(4);
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().supplied.size() == 1; }));
    EXPECT_TRUE(machine.run_until([&] { return machine.kernel().corrupt.size() == 1; }));
    EXPECT_EQ(machine.kernel().corrupt.count(3), 1u);
    EXPECT_EQ(machine.kernel().supplied.count(4), 1u);
}

TEST(Migrator, ADiskThatIsNoStoreIsRefusedByName) {
    Machine machine{Image(disk_bytes)};
    EXPECT_EQ(machine.kernel().posts[abi::slot(ResidentSlot::supervisor)], 1u);
    EXPECT_EQ(machine.call(abi::op::migrator::restore).at(0), static_cast<std::uint64_t>(Error::not_a_store));
    EXPECT_EQ(machine.status(Machine::error_field), static_cast<std::uint64_t>(Error::not_a_store));
    EXPECT_NE(machine.call(abi::op::migrator::resume).at(0), 0u);
}

TEST(Migrator, AWordOrThreeBootsWithoutACommitHold) {
    Machine held(formatted(), "quiet hold interval=20");
    held.resume();
    EXPECT_TRUE(held.kernel().held);
    Image image = formatted();
    for (unsigned boot = 1; boot <= 4; ++boot) {
        Machine machine(image, "interval=0", boot);
        machine.resume();
        EXPECT_EQ(machine.kernel().held, boot > 3) << boot;
        EXPECT_EQ(machine.status(Machine::boots_field), boot);
        image = machine.drive().cut();
    }
}

// Refused by name, and before anything is written: a boot on the wrong machine does not count (R33).
TEST(Migrator, AStoreThatNeedsMoreOfTheProcessorIsRefused) {
    auto const image = formatted(0xe7);
    Machine machine(image);
    EXPECT_EQ(machine.call(abi::op::migrator::restore).at(0),
              static_cast<std::uint64_t>(abi::Error::not_supported));
    EXPECT_EQ(machine.status(Machine::error_field), static_cast<std::uint64_t>(abi::Error::not_supported));
    EXPECT_EQ(machine.status(Machine::missing_field), 0xe0u);
    EXPECT_EQ(machine.kernel().boot_number, 0u);
    EXPECT_TRUE(machine.drive().cut() == image);
    Machine baseline(formatted(3));
    EXPECT_EQ(baseline.call(abi::op::migrator::restore).at(0), 0u);
    EXPECT_EQ(baseline.status(Machine::missing_field), 0u);
}

// Many cuts at any moment: what was acknowledged is there, and what is there was one instant of the world.
TEST(Migrator, TheWorldAfterAnyCutIsTheOneOfACommittedSnapshot) {
    Image image = formatted();
    std::map<std::uint64_t, KernelFrame> world;
    std::uint64_t acknowledged = 0;
    std::mt19937 random(11);
    for (std::uint32_t boot = 1; boot <= 25; ++boot) {
        Machine machine(image, "interval=5", boot);
        EXPECT_GE(machine.status(2), acknowledged) << boot;
        machine.resume();
        std::map<std::uint64_t, KernelFrame> found;
        for (std::uint64_t frame = 1; frame <= 64; ++frame) machine.kernel().want(frame);
        ASSERT_TRUE(machine.run_until(
            [&] { return machine.kernel().supplied.size() + machine.kernel().absent.size() == 64; }));
        // Frame 64 holds the number of the write that came last, and every frame is of its instant.
        for (auto const& [frame, value] : world) expect_equal(value, machine.kernel().supplied[frame]);
        machine.kernel().world = machine.kernel().supplied;
        auto const rounds = 100 + random() % 400;
        for (std::size_t i = 0; i < rounds; ++i) {
            if (random() % 4 == 0)
                machine.kernel().write(random() % 64 + 1, frame_of(static_cast<std::uint32_t>(random())));
            EXPECT_TRUE(machine.run_until([n = 0]() mutable { return n++ == 1; }));
        }
        // The cut falls here; let nothing that is on the way be taken for committed.
        image = machine.drive().cut();
        acknowledged = std::max(acknowledged, machine.kernel().generation);
        Machine probe(image, "interval=0", 1000 + boot);
        ASSERT_GE(probe.status(2), acknowledged);
        world = probe.status(2) == machine.kernel().generation ? machine.kernel().committed_world
                                                               : machine.kernel().snapshot_world();
        image = probe.drive().cut();
    }
}

} // namespace
