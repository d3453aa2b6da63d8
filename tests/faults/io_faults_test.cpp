// SPDX-License-Identifier: Apache-2.0
// A failing device (T7; R25, R26): every k-th request fails in every way while a store boots, is read,
// commits, folds, notes and boots again. Whatever fails is told or made up for; what was acknowledged is
// there afterwards, byte for byte, also if the power goes then and the device's cache with it.
#include "current_case.hpp"
#include "faulty_disk.hpp"
#include "scenes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace tests {
namespace {

// What came of one case.
enum class Outcome : std::uint8_t {
    unharmed, // the request that was to fail never came
    repaired, // nothing was told: another copy, or another attempt
    reported, // an operation gave an error; it was made again and went well
    silent,   // something else than what was acknowledged
};
constexpr std::size_t outcomes = 4;

class Life {
public:
    Life(Scene const& scene, DeviceFault const& fault, std::uint64_t k)
        : scene_(scene),
          disk_(scene.image, k),
          store_(disk_, small_limits(scene_segments)),
          memory_(small_limits(scene_segments)),
          random_(k % 3) {
        disk_.arm(fault, k);
        ever_ = fault.count == DeviceFault::for_ever;
        // Failing for ever: until there is no room left to try again.
        if (ever_ && k % 8 == 0) commits_ = 70;
    }

    Outcome run() {
        store_.adopt(scene_.models, scene_.number, scene_.contents);
        for (std::uint64_t boot = 0; boot < 2; ++boot) {
            start(200 + 10 * boot);
            if (!wrong_.empty()) return Outcome::silent;
            read_all();
            for (int i = 0; i < commits_; ++i) commit();
            travel(boot);
            store_.engine().note_idle();
            store_.settle();
            for (int i = 0; i < 4; ++i) commit();
            read_all();
            store_.settle();
        }
        auto const hit = disk_.failed() > 0;
        mended();
        if (!wrong_.empty()) return Outcome::silent;
        if (!hit) return Outcome::unharmed;
        return errors_ > 0 ? Outcome::reported : Outcome::repaired;
    }

    std::string const& wrong() const { return wrong_; }
    std::uint64_t sectors_lost() const { return disk_.sectors_lost(); }
    std::uint64_t errors() const { return errors_; }
    std::uint64_t folds() const { return folds_; }

private:
    void fail(std::string text) {
        if (wrong_.empty()) wrong_ = std::move(text);
    }

    // Boots until it goes well: a machine whose disk does not answer is started again. One that fails for
    // ever is mended after a while.
    void start(std::uint64_t nonce) {
        for (std::uint64_t attempt = 0;; ++attempt) {
            if (attempt == 5) disk_.mend();
            auto const opened = store_.open(nonce + attempt);
            if (opened) return adopt_recovered();
            ++errors_;
            if (opened.error != abi::Error::io || attempt == 6)
                return fail("open: " + std::string(abi::describe(opened.error).name));
            disk_.reset();
        }
    }

    // The model of the newest of these checkpoints. One that was given up may be in force all the same (R25):
    // a pin has the content of the one before, a rollback what it says.
    std::uint64_t model_of(std::span<checkpoint::CheckpointInfo const> list) const {
        auto const& contents = store_.contents();
        for (auto const& info : list) {
            auto const known = contents.find(info.generation.raw());
            if (known != contents.end()) return known->second;
            auto const restored = contents.find(info.restores.raw());
            if (restored != contents.end()) return restored->second;
        }
        return ~std::uint64_t{0};
    }

    void adopt_recovered() {
        auto const newest = store_.engine().newest().raw();
        auto const number = model_of(store_.history());
        if (newest < acknowledged_ || number >= store_.models().size())
            return fail("boot: checkpoint " + std::to_string(newest) + ", acknowledged " +
                        std::to_string(acknowledged_));
        store_.adopt(store_.models(), number);
        acknowledged_ = newest;
    }

    void commit() {
        auto const done = store_.commit(scene_changes(random_, 20, 5));
        acknowledged_ = store_.engine().newest().raw();
        if (done) return;
        ++errors_;
        if (done.error != abi::Error::io && !(done.error == abi::Error::no_space && ever_))
            fail("commit: " + std::string(abi::describe(done.error).name));
    }

    // A pin, a rollback, a pin let go: each is made or is not, whatever fails.
    void travel(std::uint64_t boot) {
        auto const list = store_.history();
        if (list.size() < 4) return;
        auto const name = "boot " + std::to_string(boot);
        told(store_.pin(list[2].generation, name), "pin");
        commit();
        told(store_.roll_back(list[boot + 1].generation), "rollback");
        commit();
        if (boot == 1) told(store_.unpin("boot 0"), "unpin");
    }

    void told(base::Result<> const& done, std::string const& what) {
        acknowledged_ = store_.engine().newest().raw();
        if (done) return;
        ++errors_;
        // One before may have failed, so that there is no such pin; or the checkpoint has one already,
        // perhaps of a try that was told to have failed.
        using abi::Error;
        auto const allowed = {Error::io, Error::no_such_checkpoint, Error::in_use, Error::no_space};
        if (std::find(allowed.begin(), allowed.end(), done.error) == allowed.end())
            fail(what + ": " + std::string(abi::describe(done.error).name));
    }

    void read_all() {
        std::vector<std::byte> want(abi::frame_size);
        for (auto const& [frame, facts] : store_.models()[store_.acknowledged()]) {
            auto const found = fetch_frame(store_.engine(), disk_, frame);
            if (found.error == abi::Error::io) {
                ++errors_;
                continue;
            }
            fill_content(facts.seed, want);
            if (found.error != abi::Error::none || found.content != want)
                fail("fetch of frame " + std::to_string(frame) + ": " +
                     std::string(abi::describe(found.error).name));
        }
    }

    // The device is well again: the store goes on, here and after a boot, and is whole on the disk.
    void mended() {
        disk_.mend();
        folds_ = store_.engine().counters().folds;
        if (auto const text = store_.compare(); !text.empty()) return fail("mended: " + text);
        after_cut();
        for (int i = 0; i < 2; ++i)
            if (auto const done = store_.commit(scene_changes(random_, 20, 5)); !done)
                return fail("mended, commit: " + std::string(abi::describe(done.error).name));
        store_.settle();
        after_cut();
        start(400);
        if (auto const text = store_.compare(); !text.empty()) return fail("after the boot: " + text);
        whole();
    }

    // The power goes now, and all that the device had not made durable with it.
    void after_cut() {
        FaultyDisk left(disk_.durable(), 1);
        checkpoint::OfflineStore reader;
        auto const opened = reader.open(left, memory_.memory(), small_limits(scene_segments));
        if (!opened) return fail("after the cut: " + std::string(abi::describe(opened.error).name));
        auto const newest = reader.recovery().generation.raw();
        std::vector<checkpoint::CheckpointInfo> list(checkpoint::history_at_most);
        list.resize(reader.history(list));
        auto const number = model_of(list);
        if (newest < acknowledged_ || number >= store_.models().size())
            return fail("after the cut: checkpoint " + std::to_string(newest) + ", acknowledged " +
                        std::to_string(acknowledged_));
        if (auto const text = tests::compare(reader.engine(), left, store_.models()[number], 23);
            !text.empty())
            fail("after the cut: " + text);
    }

    void whole() {
        checkpoint::OfflineStore reader;
        QuietListener quiet;
        store_.settle();
        if (!reader.open(disk_, memory_.memory(), small_limits(scene_segments))) return fail("offline");
        auto const result = reader.check(quiet);
        if (!result || result->findings > 0 || !result->space_balances) fail("check");
    }

    Scene const& scene_;
    FaultyDisk disk_;
    ReferenceStore store_;
    EngineMemory memory_;
    std::mt19937_64 random_;
    std::string wrong_;
    std::uint64_t acknowledged_ = 0; // generation
    std::uint64_t errors_ = 0, folds_ = 0;
    int commits_ = 5;
    bool ever_ = false;
};

// Recovery's requests are all tried in every tier, of the later ones a sample in the shortest.
std::uint64_t next_of(std::uint64_t k) { return k + (tier() == Tier::test && k > 40 ? 7 : 1); }

TEST(IoFaults, every_request_fails_in_every_way) {
    std::uint64_t counts[outcomes] = {};
    std::uint64_t points = 0, lost = 0, errors = 0, folds = 0;
    for (auto const& scene : scenes())
        for (auto const& fault : every_fault())
            for (std::uint64_t k = 1; k < 5000; k = next_of(k)) {
                auto const line = scene.name + ":" + name_of(fault) + ":" + std::to_string(k);
                if (!case_wanted(line)) continue;
                enter_case(line);
                Life life(scene, fault, k);
                auto const outcome = life.run();
                ++counts[static_cast<std::size_t>(outcome)];
                ASSERT_NE(outcome, Outcome::silent) << "STELE_FAULTS_REPLAY=" << line << ": " << life.wrong();
                if (outcome == Outcome::unharmed) break;
                ++points;
                lost += life.sectors_lost();
                errors += life.errors();
                folds += life.folds();
            }
    std::printf("%lu faults: %lu repaired, %lu reported, silent %lu, crash 0, hang 0\n"
                "%lu errors told, %lu sectors lost by flushes that failed, %lu folds\n",
                points, counts[1], counts[2], counts[3], errors, lost, folds);
    EXPECT_GT(counts[1], 100u);
    EXPECT_GT(counts[2], 1000u);
    EXPECT_GT(lost, 1000u);
}

} // namespace
} // namespace tests
