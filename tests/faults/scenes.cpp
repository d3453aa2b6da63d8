// SPDX-License-Identifier: Apache-2.0
// Images with a history.
#include "scenes.hpp"

#include "simulated_disk.hpp"

#include <gtest/gtest.h>

namespace tests {

Model scene_changes(std::mt19937_64& random, std::uint64_t frames, std::uint64_t most) {
    Model changes;
    for (auto n = random() % (most + 1); n > 0; --n) {
        auto& facts = changes[2 + random() % frames];
        facts.type = random() % 3 == 0 ? abi::FrameType::process : abi::FrameType::data_page;
        facts.live = facts.type == abi::FrameType::process && random() % 2 == 0;
        facts.mark = static_cast<std::uint32_t>(random() % 3);
        facts.seed = random() % 9;
    }
    return changes;
}

namespace {

class Maker {
public:
    Maker()
        : disk_(std::size_t{scene_segments} << scene_shift, {.seed = 1}),
          store_(disk_, small_limits(scene_segments)),
          random_(1) {}

    std::vector<Scene> make() {
        past_.push_back(disk_.image());
        EXPECT_TRUE(store_.format(scene_shift));
        keep("formatted", true);
        EXPECT_TRUE(store_.open(100));
        commits(40);
        keep("not-noted", false);
        disk_.options.fail_request = 2;
        EXPECT_FALSE(store_.commit(scene_changes(random_, 20, 5)));
        disk_.options.fail_request = 0;
        commits(1);
        keep("after-abandoned", false);
        travel();
        store_.engine().note_idle();
        store_.settle();
        keep("noted", true);
        torn();
        relocated();
        return std::move(scenes_);
    }

private:
    void commits(int count) {
        for (int i = 0; i < count; ++i) {
            EXPECT_TRUE(store_.commit(scene_changes(random_, 20, 5)));
            past_.push_back(disk_.image());
        }
        store_.settle();
    }

    void keep(std::string name, bool noted) {
        scenes_.push_back({std::move(name), disk_.image(), store_.models(), store_.contents(),
                           store_.acknowledged(), noted, past_});
        past_.push_back(disk_.image());
    }

    void pin(std::size_t back, std::string const& name) {
        auto const list = store_.history();
        ASSERT_GT(list.size(), back);
        auto const made = store_.pin(list[back].generation, name);
        EXPECT_TRUE(made) << name << ": " << abi::describe(made.error).name;
    }

    void travel() {
        pin(6, "old");
        commits(6);
        pin(3, "middle");
        EXPECT_TRUE(store_.roll_back(store_.history()[8].generation));
        commits(4);
        pin(1, "young");
        keep("travelled", false);
    }

    // The newest commit misses its last block: the one before is in force.
    void torn() {
        auto const before = store_.acknowledged();
        EXPECT_TRUE(store_.commit({{2, {abi::FrameType::data_page, 0, false, 4711}}}));
        auto const newest = store_.history().front();
        keep("torn", true);
        auto& scene = scenes_.back();
        scene.number = before;
        scene.image[newest.record.directory[0].offset() - abi::frame_size] ^= std::byte{1};
    }

    // Segments were emptied, and no fold has come since: blocks stand elsewhere than the map says, or are
    // gone.
    void relocated() {
        for (int i = 0; i < 300 && store_.blocks_gone() == 0; ++i) {
            EXPECT_TRUE(store_.commit(scene_changes(random_, 60, 8)));
            store_.settle();
        }
        EXPECT_GT(store_.blocks_gone(), 0u);
        keep("relocated", false);
    }

    SimulatedDisk disk_;
    ReferenceStore store_;
    std::mt19937_64 random_;
    std::vector<Scene> scenes_;
    std::vector<std::vector<std::byte>> past_;
};

} // namespace

std::vector<Scene> const& scenes() {
    static std::vector<Scene> const all = Maker().make();
    return all;
}

} // namespace tests
