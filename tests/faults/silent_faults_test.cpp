// SPDX-License-Identifier: Apache-2.0
// Silent faults (T8; R26, R35): every sector of a store is spoilt in eight ways. What nothing refers to, by
// the word of the independent reader, may be spoilt without a word; of all else it is read from the other
// copy and told, or told and given to nobody, or, where no root slot knows the newest checkpoint, the one
// before it is in force and is called so. Never anything else; then the store is booted and lives on.
//   STELE_READER is the command of the independent reader.
#include "current_case.hpp"
#include "damage.hpp"
#include "verdict.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace tests {
namespace {

struct Sample {
    std::uint64_t live = 1; // one in so many sectors that something refers to
    std::uint64_t dead = 1; // of the others
    std::uint64_t boot = 1; // of those
};

// All of one scene always; all of all of them in the longer tiers.
Sample sample_of(Scene const& scene) {
    if (tier() != Tier::test) return {1, 1, 1};
    return scene.name == "travelled" ? Sample{1, 1, 6} : Sample{5, 19, 7};
}

class Spoiling {
public:
    explicit Spoiling(Scene const& scene) : scene_(scene), disk_(scene.image), judge_(scene, disk_) {}

    bool run(Counts& counts) {
        if (judge_.live().list().empty()) {
            ADD_FAILURE() << "the independent reader does not read " << scene_.name;
            return false;
        }
        if (auto const text = judge_.compare_with_models(); !text.empty()) {
            ADD_FAILURE() << scene_.name << ": " << text;
            return false;
        }
        for (std::uint64_t offset = 0; offset < scene_.image.size(); offset += 512)
            for (std::size_t way = 0; way < way_names.size(); ++way)
                if (!spoil(static_cast<Way>(way), offset, counts)) return false;
        return true;
    }

private:
    bool spoil(Way way, std::uint64_t offset, Counts& counts) {
        auto const sample = sample_of(scene_);
        auto const number = offset / 512 * way_names.size() + static_cast<std::size_t>(way);
        auto const live = judge_.live().at(offset) != nullptr;
        if (number * 7919 % (live ? sample.live : sample.dead) != 0) return true;
        auto const line = scene_.name + ":" + std::string(way_names[static_cast<std::size_t>(way)]) + ":" +
                          std::to_string(offset / 512);
        if (!case_wanted(line)) return true;
        enter_case(line);
        std::mt19937_64 random(number);
        Damage damage;
        damage.bytes = do_damage(disk_, scene_, judge_.live(), way, offset, random);
        auto verdict = judge_.judge(damage, number % sample.boot == 0);
        disk_.undo_to(0);
        counts.add(verdict);
        if (verdict.outcome != Outcome::silent) return true;
        ADD_FAILURE() << "STELE_FAULTS_REPLAY=" << line << ": " << verdict.text;
        return ++failures_ < 8;
    }

    Scene const& scene_;
    UndoDisk disk_;
    Judge judge_;
    int failures_ = 0;
};

TEST(SilentFaults, every_sector_spoilt_in_eight_ways) {
    Counts all;
    for (auto const& scene : scenes()) {
        Counts counts;
        auto const went = Spoiling(scene).run(counts);
        counts.print(scene.name);
        all += counts;
        if (!went) return;
    }
    all.print("all");
    if (!case_wanted("")) return;
    for (auto const outcome : {Outcome::repaired, Outcome::reported, Outcome::fell_back, Outcome::harmless,
                               Outcome::rewritten, Outcome::no_difference})
        EXPECT_GT(all[outcome], 0u) << outcome_names[static_cast<std::size_t>(outcome)];
    EXPECT_GT(all[Outcome::repaired], 500u);
    EXPECT_GT(all[Outcome::reported], 1000u);
    EXPECT_GT(all.booted, 1000u);
}

} // namespace
} // namespace tests
