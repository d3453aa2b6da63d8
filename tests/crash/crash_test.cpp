// SPDX-License-Identifier: Apache-2.0
// Crash enumeration (T1, T2): workloads over a disk that records, then every disk a cut could leave,
// recovered and compared with the model. Every state must give the newest acknowledged commit or a later
// whole one, byte for byte.
#include "crash_states.hpp"
#include "reference_store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

namespace tests {
namespace {

constexpr std::uint32_t shift = 14;

// How often each branch of recovery was taken, over all workloads.
struct Branches {
    std::uint64_t torn = 0, verified = 0, trusted_slot = 0, trusted_flushed = 0, second_copy = 0, slot0 = 0,
                  slot1 = 0, nothing_walked = 0, one_walked = 0, many_walked = 0, with_map = 0,
                  without_map = 0, later_than_acked = 0, exactly_acked = 0, reopened = 0, nested_states = 0;
};

struct Totals {
    std::uint64_t states = 0, distinct = 0, cuts = 0, newest_incomplete = 0;
    Branches branches;
};

Totals& totals() {
    static Totals all;
    return all;
}

struct Workload {
    std::string name;
    std::uint32_t segments = 32;
    DiskOptions disk{};
    bool record_format = false;
    std::function<void(ReferenceStore&, SimulatedDisk&)> before = nullptr; // not recorded
    std::function<void(ReferenceStore&, SimulatedDisk&)> run = nullptr;
    CrashOptions crash{};
    std::uint64_t reopen_every = 400; // every n-th state is opened for writing, committed to, opened again
    std::uint64_t nest_every = 0;     // every n-th state's own recovery is recorded and cut
    bool expect_violations = false;
    bool faults = false; // requests fail: what failed may be written again before a flush
    std::uint32_t entries = 512;
};

class CrashRun {
public:
    explicit CrashRun(Workload const& workload)
        : workload_(workload), limits_(limits_of(workload)), memory_(limits_) {}

    CrashCounts run() {
        SimulatedDisk disk(std::size_t{workload_.segments} << shift, workload_.disk);
        ReferenceStore store(disk, limits_);
        EXPECT_TRUE(store.format(shift));
        EXPECT_TRUE(store.open(1000));
        store.on_acknowledged = [&](std::uint64_t number) { disk.mark(number); };
        if (workload_.before) workload_.before(store, disk);
        store.settle();
        disk.start_recording();
        auto const acknowledged = store.acknowledged();
        workload_.run(store, disk);
        models_ = store.models();
        last_frame_ = 1;
        for (auto const& model : models_)
            if (!model.empty()) last_frame_ = std::max(last_frame_, model.rbegin()->first);
        CrashStates states(disk.start(), disk.history(), acknowledged, workload_.crash);
        auto const begun = std::chrono::steady_clock::now();
        auto const counts =
            states.run([this](UndoDisk& image, std::uint64_t marked) { check(image, marked); });
        auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
        std::printf(
            "%-28s %5zu events %6lu cuts %8lu states %8lu distinct, most pending %2lu, %lu violations, %.1f s\n",
            workload_.name.c_str(), disk.history().size(), counts.cuts, counts.states, counts.distinct,
            counts.most_pending, violations_, seconds);
        if (!workload_.faults) {
            EXPECT_EQ(counts.overlapping, 0u);
        }
        totals().states += workload_.expect_violations ? 0 : counts.states;
        totals().distinct += workload_.expect_violations ? 0 : counts.distinct;
        totals().cuts += counts.cuts;
        return counts;
    }

    std::uint64_t violations() const { return violations_; }

private:
    static checkpoint::Limits limits_of(Workload const& workload) {
        auto limits = small_limits(workload.segments);
        limits.unmigrated_entries = workload.entries;
        return limits;
    }

    void violation(std::string const& what, std::uint64_t marked) {
        ++violations_;
        if (workload_.expect_violations || violations_ > 3) return;
        ADD_FAILURE() << "workload " << workload_.name << ", state " << state_ << ", acknowledged " << marked
                      << ": " << what;
    }

    void check(UndoDisk& image, std::uint64_t marked) {
        ++state_;
        checkpoint::Engine engine;
        checkpoint::OpenOptions options;
        options.limits = limits_;
        options.read_only = true;
        auto const opened = engine.open(image, memory_.memory(), options);
        if (!opened) return violation("open: " + std::string(abi::describe(opened.error).name), marked);
        auto const number = model_number(engine, image);
        if (number < marked || number >= models_.size())
            return violation("model " + std::to_string(number) + " came back", marked);
        auto const difference = compare(engine, image, models_[number], last_frame_);
        if (!difference.empty()) return violation(difference, marked);
        if (!workload_.expect_violations) count(engine.recovery(), engine, number, marked);
        auto const level = image.level();
        if (state_ % workload_.reopen_every == 0) reopen(image, number, marked);
        image.undo_to(level);
        if (workload_.nest_every != 0 && state_ % workload_.nest_every == 0) nest(image, number);
    }

    void count(checkpoint::RecoveryReport const& report, checkpoint::Engine& engine, std::uint64_t number,
               std::uint64_t marked) {
        auto& b = totals().branches;
        b.torn += report.torn;
        b.verified += report.verified_frames;
        b.trusted_slot += report.trusted_slot;
        b.trusted_flushed += report.trusted_flushed;
        b.second_copy += report.copies_used > 0;
        b.slot0 += report.slot_chosen == 0;
        b.slot1 += report.slot_chosen == 1;
        b.nothing_walked += report.records_walked == 0;
        b.one_walked += report.records_walked == 1;
        b.many_walked += report.records_walked > 1;
        checkpoint::CheckpointInfo newest;
        engine.history({&newest, 1});
        b.with_map += !newest.record.map.none();
        b.without_map += newest.record.map.none();
        b.later_than_acked += number > marked;
        b.exactly_acked += number == marked;
        totals().newest_incomplete += report.torn || report.copies_used > 0;
    }

    // Recovery for writing, one more commit, recovery again: the store lives on from any state.
    void reopen(UndoDisk& image, std::uint64_t number, std::uint64_t marked) {
        ReferenceStore store(image, limits_);
        store.adopt(models_, number);
        if (!store.open(5000 + state_)) return violation("open for writing", marked);
        auto const difference = store.compare();
        if (!difference.empty()) return violation("after the boot: " + difference, marked);
        auto const done = store.commit({{3, {abi::FrameType::data_page, 0, false, 4711 + state_}}});
        if (!done) return violation("commit after the boot", marked);
        store.settle();
        if (!store.open(6000 + state_)) return violation("second open", marked);
        auto const second = store.compare();
        if (!second.empty()) return violation("after the second boot: " + second, marked);
        Quiet quiet;
        checkpoint::OfflineStore reader;
        store.settle();
        if (!reader.open(image, memory_.memory(), limits_)) return violation("offline", marked);
        auto const result = reader.check(quiet);
        if (!result || result->findings != 0) return violation("check after the second boot", marked);
        ++totals().branches.reopened;
    }

    // T2: the boot after the cut, and its first commit, are recorded and cut themselves.
    void nest(UndoDisk& image, std::uint64_t number) {
        SimulatedDisk disk(image.image().size(), {.seed = state_});
        disk.image() = image.image();
        ReferenceStore store(disk, limits_);
        store.adopt(models_, number);
        disk.start_recording();
        store.on_acknowledged = [&](std::uint64_t what) { disk.mark(what); };
        if (!store.open(7000 + state_)) return violation("open for writing", number);
        if (!store.commit({{2, {abi::FrameType::data_page, 1, false, 99}}}))
            return violation("commit", number);
        store.settle();
        Workload inner = workload_;
        inner.name += ", nested";
        inner.nest_every = 0;
        inner.reopen_every = 1000;
        CrashRun nested(inner);
        nested.models_ = store.models();
        nested.last_frame_ = last_frame_;
        CrashStates states(disk.start(), disk.history(), number,
                           {.exhaustive_below = 8, .samples = 4, .seed = state_});
        auto const counts = states.run(
            [&](UndoDisk& inner_image, std::uint64_t marked) { nested.check(inner_image, marked); });
        violations_ += nested.violations_;
        totals().states += counts.states;
        totals().distinct += counts.distinct;
        totals().branches.nested_states += counts.states;
    }

    class Quiet final : public checkpoint::CheckListener {
    public:
        void report(store::Corruption const&) override {}
        void progress(checkpoint::CheckPhase, std::uint64_t, std::uint64_t) override {}
    };

    Workload workload_;
    checkpoint::Limits limits_;
    EngineMemory memory_;
    std::vector<Model> models_;
    std::uint64_t last_frame_ = 1;
    std::uint64_t state_ = 0;
    std::uint64_t violations_ = 0;
};

Model some_changes(std::mt19937_64& random, std::uint64_t frames, std::uint64_t count) {
    Model changes;
    for (std::uint64_t i = 0; i < count; ++i)
        changes[2 + random() % frames] = {random() % 3 == 0 ? abi::FrameType::process
                                                            : abi::FrameType::data_page,
                                          static_cast<std::uint32_t>(random() % 3), false, random() % 5};
    return changes;
}

auto commits(int count, std::uint64_t seed, std::uint64_t frames, std::uint64_t most) {
    return [=](ReferenceStore& store, SimulatedDisk&) {
        std::mt19937_64 random(seed);
        for (int i = 0; i < count; ++i)
            ASSERT_TRUE(store.commit(some_changes(random, frames, random() % (most + 1))));
    };
}

TEST(Crash, plain_commits) {
    for (std::uint64_t seed = 1; seed <= 14; ++seed) {
        CrashRun run({.name = "plain commits",
                      .disk = {.seed = seed},
                      .run = commits(16, seed, 9, 8),
                      .crash = {.exhaustive_below = 10, .samples = 60, .seed = seed}});
        run.run();
    }
}

TEST(Crash, first_boot_and_reboots) {
    CrashRun run(
        {.name = "reboots",
         .before = commits(2, 7, 9, 5),
         .run =
             [](ReferenceStore& store, SimulatedDisk&) {
                 for (std::uint64_t boot = 0; boot < 4; ++boot) {
                     store.settle();
                     ASSERT_TRUE(store.open(2000 + boot));
                     ASSERT_EQ(store.compare(), "");
                     if (boot != 2) {
                         ASSERT_TRUE(store.commit({{4, {abi::FrameType::data_page, 0, false, boot + 5}}}));
                     }
                 }
             },
         .crash = {.samples = 40},
         .reopen_every = 100,
         .nest_every = 50});
    run.run();
}

TEST(Crash, folds) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        CrashRun run({.name = "folds",
                      .disk = {.seed = seed},
                      .before = commits(6, seed, 9, 5),
                      .run = commits(40, seed + 100, 9, 5),
                      .crash = {.samples = 40, .seed = seed},
                      .nest_every = 2000});
        run.run();
    }
}

TEST(Crash, segments_are_reused_over_laps) {
    std::uint64_t laps = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        auto const run_laps = [&](ReferenceStore& store, SimulatedDisk& disk) {
            auto const before = store.engine().counters().laps;
            commits(90, seed + 22, 12, 5)(store, disk);
            laps += store.engine().counters().laps - before;
        };
        CrashRun run({.name = "laps of the log",
                      .segments = 30,
                      .disk = {.seed = seed},
                      .before = commits(60, seed + 20, 12, 5),
                      .run = run_laps,
                      .crash = {.exhaustive_below = 8, .samples = 20, .seed = seed},
                      .nest_every = 2500});
        run.run();
    }
    EXPECT_GT(laps, 12u);
}

TEST(Crash, cleaning) {
    auto const fill = [](ReferenceStore& store, SimulatedDisk&) {
        for (std::uint64_t frame = 2; frame < 38; frame += 4) {
            Model changes;
            for (auto i = frame; i < frame + 4; ++i)
                changes[i] = {abi::FrameType::data_page, 0, false, 100 + i};
            ASSERT_TRUE(store.commit(changes));
        }
        std::mt19937_64 random(1);
        for (int i = 0; i < 40; ++i) ASSERT_TRUE(store.commit(some_changes(random, 12, 2)));
    };
    std::uint64_t moved = 0;
    CrashRun run({.name = "cleaning",
                  .segments = 36,
                  .before = fill,
                  .run =
                      [&](ReferenceStore& store, SimulatedDisk&) {
                          std::mt19937_64 random(5);
                          for (int i = 0; i < 40; ++i) ASSERT_TRUE(store.commit(some_changes(random, 36, 3)));
                          moved = store.engine().counters().frames_moved;
                      },
                  .crash = {.exhaustive_below = 7, .samples = 10}});
    run.run();
    EXPECT_GT(moved, 20u);
}

TEST(Crash, failed_requests_abandon_commits) {
    for (std::uint64_t k = 1; k <= 30; ++k) {
        std::uint64_t failed = 0;
        CrashRun run({.name = "request " + std::to_string(k) + " fails",
                      .disk = {.seed = k},
                      .before = commits(3, 31, 9, 4),
                      .run =
                          [&](ReferenceStore& store, SimulatedDisk& disk) {
                              std::mt19937_64 random(k);
                              disk.options.fail_request = k;
                              for (int i = 0; i < 6; ++i) {
                                  auto const done = store.commit(some_changes(random, 9, 3));
                                  if (!done) ++failed;
                                  if (!done) {
                                      ASSERT_EQ(done.error, abi::Error::io);
                                  }
                              }
                          },
                      .crash = {.exhaustive_below = 7, .samples = 10, .seed = k},
                      .faults = true});
        run.run();
        EXPECT_LE(failed, 1u);
    }
}

TEST(Crash, two_flushes_above_four_mebibytes) {
    auto big = [](ReferenceStore& store, SimulatedDisk&) {
        Model changes;
        for (std::uint64_t frame = 2; frame < 1060; ++frame)
            changes[frame] = {abi::FrameType::data_page, 0, false, frame};
        ASSERT_TRUE(store.commit(changes));
        ASSERT_TRUE(store.commit({{2, {abi::FrameType::data_page, 0, false, 1}}}));
    };
    Workload workload{.name = "4.1 MiB, two flushes",
                      .segments = 900,
                      .before = commits(2, 41, 9, 4),
                      .run = big,
                      .crash = {.exhaustive_below = 5, .samples = 1, .every = 20011},
                      .reopen_every = 500,
                      .entries = 4096};
    CrashRun run(workload);
    run.run();
}

TEST(Crash, idle_notes) {
    CrashRun run({.name = "idle notes",
                  .before = commits(3, 51, 9, 4),
                  .run = [](ReferenceStore& store, SimulatedDisk&) {
                      for (std::uint64_t i = 0; i < 6; ++i) {
                          ASSERT_TRUE(store.commit({{3, {abi::FrameType::data_page, 0, false, 60 + i}}}));
                          store.settle();
                          store.engine().note_idle();
                          store.settle();
                      }
                  }});
    run.run();
}

// The test of the test: a disk that ignores flushes must be found out, or the enumeration proves nothing.
TEST(Crash, a_dropped_flush_is_found) {
    CrashRun run({.name = "planted: flushes dropped",
                  .disk = {.drop_flushes = true},
                  .before = nullptr,
                  .run = commits(6, 61, 9, 4),
                  .crash = {.exhaustive_below = 6, .samples = 40},
                  .reopen_every = 1'000'000,
                  .expect_violations = true});
    run.run();
    EXPECT_GT(run.violations(), 100u);
}

TEST(Crash, zz_every_branch_of_recovery_was_reached) {
    auto const& t = totals();
    EXPECT_GE(t.states, 1'000'000u);
    auto const& b = t.branches;
    std::printf(
        "total: %lu states, %lu distinct, %lu cuts; newest record torn or a copy missing in %.0f %%\n",
        t.states, t.distinct, t.cuts,
        100.0 * static_cast<double>(t.newest_incomplete) / static_cast<double>(t.states));
    std::pair<char const*, std::uint64_t> const table[] = {
        {"torn newest record, one back", b.torn},
        {"newest record's frames verified", b.verified},
        {"trusted: root slot acknowledges", b.trusted_slot},
        {"trusted: flushed first", b.trusted_flushed},
        {"second copy used", b.second_copy},
        {"root slot 0 chosen", b.slot0},
        {"root slot 1 chosen", b.slot1},
        {"no record after the slot", b.nothing_walked},
        {"one record after the slot", b.one_walked},
        {"several records after the slot", b.many_walked},
        {"with an object map", b.with_map},
        {"without an object map", b.without_map},
        {"newest acknowledged came back", b.exactly_acked},
        {"a later whole one came back", b.later_than_acked},
        {"opened for writing and committed to", b.reopened},
        {"cut during recovery", b.nested_states}};
    for (auto const& [name, count] : table) {
        std::printf("  %-38s %9lu\n", name, count);
        EXPECT_GT(count, 0u) << name;
    }
}

} // namespace
} // namespace tests
