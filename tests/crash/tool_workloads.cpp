// SPDX-License-Identifier: Apache-2.0
// Workloads of the tools' own code: a store made out of a checkpoint of another (boot --fork), and
// checkpoints that a tool makes in a store that is not running (install).
#include "workloads.hpp"

#include <gtest/gtest.h>
#include <store_fork.hpp>
#include <store_writer.hpp>

#include <sys/mman.h>
#include <unistd.h>

namespace tests {

namespace {

// The tools' door to a simulated disk.
class ToolDevice final : public tools::Device {
public:
    explicit ToolDevice(SimulatedDisk& disk) : disk_(disk) {}

    std::uint64_t capacity() const override { return disk_.capacity(); }
    void submit(store::Request const& request) override { disk_.submit(request); }
    std::size_t poll(std::span<store::Completion> done, bool wait) override { return disk_.poll(done, wait); }
    bool read_at(std::uint64_t offset, base::Bytes into) override {
        std::memcpy(into.data(), disk_.image().data() + offset, into.size());
        return true;
    }

private:
    SimulatedDisk& disk_;
};

// A file that the tools open by its name, and that nobody else sees.
class MemoryFile {
public:
    explicit MemoryFile(std::vector<std::byte> const& content) : file_(::memfd_create("store", MFD_CLOEXEC)) {
        EXPECT_EQ(::write(file_, content.data(), content.size()), static_cast<ssize_t>(content.size()));
    }
    MemoryFile(MemoryFile const&) = delete;
    ~MemoryFile() { ::close(file_); }

    std::string name() const { return "/proc/self/fd/" + std::to_string(file_); }
    std::vector<std::byte> content() const {
        std::vector<std::byte> bytes(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)));
        EXPECT_EQ(::pread(file_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
        return bytes;
    }

private:
    int file_;
};

constexpr std::uint32_t fork_segments = 44;

// A store with a past, and one of its checkpoints.
struct Source {
    std::vector<std::byte> image;
    std::uint32_t boot = 0;
    checkpoint::Generation at;
    std::uint64_t number = 0; // of its model
    Model model;
};

Source make_source(std::uint64_t seed) {
    SimulatedDisk disk(std::size_t{fork_segments} << 14, {.seed = seed});
    ReferenceStore store(disk, small_limits(fork_segments));
    EXPECT_TRUE(store.format(14));
    EXPECT_TRUE(store.open(1000));
    std::mt19937_64 random(seed);
    commits(static_cast<int>(6 + random() % 16), seed + 60, 14, 7)(store, disk);
    for (auto n = random() % 3; n > 0; --n) {
        store.settle();
        EXPECT_TRUE(store.open(1001 + n));
    }
    store.settle(); // a pass under way may drop what is to be pinned
    auto const before = store.history();
    auto const older = std::min<std::size_t>(1 + random() % 3, before.size() - 1);
    auto const pinned = store.pin(before[older].generation, "kept");
    // So small a store cannot afford every pin (R29).
    EXPECT_TRUE(pinned || pinned.error == abi::Error::no_space)
        << "seed " << seed << ": " << abi::describe(pinned.error).name;
    EXPECT_TRUE(store.commit(some_changes(random, 14, 5)));
    store.settle();
    auto const history = store.history();
    auto const at = history[random() % std::min<std::size_t>(history.size(), 8)].generation;
    auto const number = store.contents().at(at.raw());
    return {disk.image(), store.engine().recovery().boot, at, number, store.models().at(number)};
}

// Cut at any event, the new disk has no store, an empty one, or the checkpoint: every frame. The first two
// until the tool says that it is made. The source is not touched.
Plan fork(std::uint64_t seed) {
    auto const tally = std::make_shared<std::uint64_t>(0);
    auto const boots = std::make_shared<std::uint32_t>(0);
    auto const run = [=](ReferenceStore& store, SimulatedDisk& disk) {
        auto const source = make_source(seed);
        *boots = source.boot;
        MemoryFile const file(source.image);
        try {
            tools::StoreView view(file.name() + "@" + std::to_string(source.at.counter()), false);
            ToolDevice device(disk);
            *tally = tools::fork_onto(
                view, "fork", device,
                {.store = {seed, 21}, .formatted = {seed, 22}, .written = {seed, 23}, .created_ns = 1000});
        } catch (tools::Problem const& problem) {
            FAIL() << problem.what();
        }
        ASSERT_EQ(*tally, source.model.size());
        ASSERT_EQ(file.content(), source.image) << "the source was written";
        // Of all models these two alone may come back.
        std::vector<Model> models(source.number + 1);
        models.back() = source.model;
        store.adopt(models, source.number);
        disk.mark(source.number);
    };
    // What waits in the checkpoint names its boot: none of the fork may be taken for it (R2).
    auto const look = [=](UndoDisk&, checkpoint::Engine& engine) {
        auto const checkpoint = engine.newest().counter() > 1;
        EXPECT_TRUE(!checkpoint || engine.superblock().boot > *boots) << "seed " << seed;
    };
    return {.segments = fork_segments,
            .disk = {.seed = seed},
            .run = run,
            .crash = {.exhaustive_below = 9, .samples = 60, .seed = seed},
            .look = look,
            .tally = tally,
            .blank = true};
}

Plan install(std::uint64_t seed) {
    auto const tally = std::make_shared<std::uint64_t>(0);
    auto const run = [=](ReferenceStore& store, SimulatedDisk& disk) {
        std::mt19937_64 random(seed);
        ToolDevice device(disk);
        for (std::uint64_t i = 0; i < 3; ++i) {
            auto changes = some_changes(random, 20, 4 + random() % 14);
            auto models = store.models();
            auto const number = models.size();
            changes[1] = {abi::FrameType::capability_page, 0, false, number};
            auto model = models[store.acknowledged()];
            std::vector<std::vector<std::byte>> contents;
            std::vector<checkpoint::FrameImage> images;
            for (auto const& [frame, facts] : changes) {
                model[frame] = facts;
                fill_content(facts.seed, contents.emplace_back(abi::frame_size));
                images.push_back({abi::FrameId::persistent(frame), facts.type, abi::Version(facts.mark),
                                  facts.live, contents.back()});
            }
            // What the tool tries may come back before it says so.
            models.push_back(model);
            store.adopt(models, number);
            try {
                tools::StoreWriter writer("store", device, {seed, 50 + i});
                writer.commit(images, {.time_ns = number * 1000, .clock_base_ns = number * 37'000'000});
                disk.mark(number);
                writer.finish();
                *tally += writer.engine().counters().commits;
            } catch (tools::Problem const& problem) {
                FAIL() << problem.what();
            }
        }
    };
    return {.segments = 60,
            .entries = 2048,
            .disk = {.seed = seed},
            .before = commits(9, seed + 90, 20, 6),
            .run = run,
            .crash = {.exhaustive_below = 8, .samples = 30, .seed = seed},
            .tally = tally};
}

constexpr Workload table[] = {
    {"fork", 5, fork, 20, 24},
    {"install", 5, install, 15, 16},
};

} // namespace

std::span<Workload const> tool_workloads() { return table; }

} // namespace tests
