// SPDX-License-Identifier: Apache-2.0
// Both copies at once (R26, R35): each structure that stands twice is spoilt at both its places, the same
// sector of both or one of each, in eight ways. There is nothing left to repair it from: whoever needs it is
// told so by name, or an older checkpoint is in force and what is lost is named; all else is as it was.
//   One case nobody can tell: both records of a checkpoint that no root slot knows yet. What is older is in
// force then, as if it had never been made. It is counted by itself, and allowed for nothing else.
//   STELE_READER is the command of the independent reader.
#include "current_case.hpp"
#include "damage.hpp"
#include "verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

namespace tests {
namespace {

struct Pair {
    LiveRange first, second;
};

// Copies are the same to the byte, and nothing else is: every structure names itself.
std::vector<Pair> pairs_of(Scene const& scene, LiveRanges const& live) {
    std::vector<Pair> pairs;
    auto const& list = live.list();
    for (auto one = list.begin(); one != list.end(); ++one) {
        if (one->kind == "block") continue;
        auto const other = std::find_if(std::next(one), list.end(), [&](auto const& range) {
            return range.kind == one->kind && range.size == one->size &&
                   std::memcmp(scene.image.data() + range.offset, scene.image.data() + one->offset,
                               one->size) == 0;
        });
        if (other != list.end()) pairs.push_back({*one, *other});
    }
    return pairs;
}

class Spoiling {
public:
    explicit Spoiling(Scene const& scene) : scene_(scene), disk_(scene.image), judge_(scene, disk_) {}

    std::map<std::string, Counts> run() {
        if (judge_.live().list().empty())
            ADD_FAILURE() << "the independent reader does not read " << scene_.name;
        if (auto const text = judge_.compare_with_models(); !text.empty())
            ADD_FAILURE() << scene_.name << ": " << text;
        for (auto const& pair : pairs_of(scene_, judge_.live()))
            for (std::uint64_t at = 0; at < pair.first.size; at += 512)
                for (std::size_t way = 0; way < way_names.size(); ++way) {
                    spoil(pair, static_cast<Way>(way), at, at);
                    if (pair.first.size > 512)
                        spoil(pair, static_cast<Way>(way), at,
                              (at + 512) % ((pair.first.size + 511) / 512 * 512));
                }
        return std::move(counts_);
    }

private:
    template <class Structure>
    Structure structure_at(std::uint64_t offset) const {
        return base::read<Structure>(base::ConstBytes(scene_.image).subspan(offset, 512));
    }

    // The checkpoint of these records, if it is newer than what the root slots know; else none.
    checkpoint::Generation never_noted(Pair const& pair) const {
        if (pair.first.kind != "record") return {};
        std::uint64_t known = 0;
        for (auto const& range : judge_.live().list())
            if (range.kind == "root slot")
                known = std::max(known, structure_at<abi::disk::RootSlot>(range.offset).generation);
        auto const generation = structure_at<abi::disk::CommitRecord>(pair.first.offset).generation;
        return checkpoint::Generation(generation > known ? generation : 0);
    }

    void spoil(Pair const& pair, Way way, std::uint64_t first, std::uint64_t second) {
        auto const line = "pair:" + scene_.name + ":" +
                          std::string(way_names[static_cast<std::size_t>(way)]) + ":" +
                          std::to_string((pair.first.offset + first) / 512) + ":" +
                          std::to_string((pair.second.offset + second) / 512);
        if (failures_ >= 8 || !case_wanted(line)) return;
        enter_case(line);
        Damage damage{.bytes = {}, .both = true, .never_noted = never_noted(pair)};
        auto& bytes = damage.bytes;
        for (auto const offset : {pair.first.offset + first, pair.second.offset + second}) {
            std::mt19937_64 random(offset == pair.first.offset + first ? first : second);
            auto const some = do_damage(disk_, scene_, judge_.live(), way, offset, random);
            bytes.insert(bytes.end(), some.begin(), some.end());
        }
        std::sort(bytes.begin(), bytes.end());
        auto const verdict = judge_.judge(damage, (first / 512 + static_cast<std::size_t>(way)) % 3 == 0);
        disk_.undo_to(0);
        counts_[pair.first.kind].add(verdict);
        if (verdict.outcome != Outcome::silent) return;
        ADD_FAILURE() << pair.first.kind << ": STELE_FAULTS_REPLAY=" << line << ": " << verdict.text;
        ++failures_;
    }

    Scene const& scene_;
    UndoDisk disk_;
    Judge judge_;
    std::map<std::string, Counts> counts_;
    int failures_ = 0;
};

TEST(PairFaults, both_copies_spoilt_in_eight_ways) {
    Counts all;
    std::map<std::string, Counts> kinds;
    for (auto const& scene : scenes()) {
        auto const counts = Spoiling(scene).run();
        for (auto const& [kind, some] : counts) {
            kinds[kind] += some;
            all += some;
        }
    }
    for (auto const& [kind, some] : kinds) some.print(kind);
    all.print("all");
    EXPECT_EQ(all[Outcome::silent], 0u);
    if (!case_wanted("")) return;
    for (auto const* const kind :
         {"root slot", "record", "directory", "map node", "moves node", "segment table", "checkpoint table"})
        EXPECT_GT(kinds[kind][Outcome::reported] + kinds[kind][Outcome::fell_back], 0u) << kind;
    EXPECT_GT(all[Outcome::reported], 500u);
    EXPECT_GT(all[Outcome::fell_back], 20u);
    EXPECT_GT(all[Outcome::never_noted], 0u);
    EXPECT_EQ(all[Outcome::never_noted], kinds["record"][Outcome::never_noted]);
}

} // namespace
} // namespace tests
