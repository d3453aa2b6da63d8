// SPDX-License-Identifier: Apache-2.0
// One workload of the crash enumeration.
#include "crash_run.hpp"

#include <abi/disk/commit_record.hpp>
#include <gtest/gtest.h>
#include <store/hash.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace tests {

namespace {

constexpr std::uint32_t shift = 14;

checkpoint::Limits limits_of(Workload const& workload) {
    auto limits = small_limits(workload.segments);
    limits.unmigrated_entries = workload.entries;
    return limits;
}

} // namespace

Totals& totals() {
    static Totals all;
    return all;
}

CrashRun::CrashRun(Workload const& workload)
    : workload_(workload), limits_(limits_of(workload)), memory_(limits_) {}

CrashCounts CrashRun::run() {
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
    auto const counts = states.run([this](UndoDisk& image, std::uint64_t marked) { check(image, marked); });
    auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    std::printf("%-28s %5zu events %6lu cuts %8lu states %8lu distinct, most pending %2lu, %lu violations, "
                "%.1f s\n",
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

void CrashRun::violation(std::string const& what, std::uint64_t marked) {
    ++violations_;
    if (workload_.expect_violations || violations_ > 3) return;
    ADD_FAILURE() << "workload " << workload_.name << ", disk seed " << workload_.disk.seed << ", crash seed "
                  << workload_.crash.seed << ", state " << state_ << ", acknowledged " << marked << ": "
                  << what;
}

void CrashRun::check(UndoDisk& image, std::uint64_t marked) {
    ++state_;
    checkpoint::Engine engine;
    checkpoint::OpenOptions options;
    options.limits = limits_;
    options.read_only = true;
    auto opened = engine.open(image, memory_.memory(), options);
    if (workload_.trusting && opened && engine.recovery().torn) {
        believe(image, engine);
        opened = engine.open(image, memory_.memory(), options);
    }
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

// The torn record says that its frames were flushed before it: recovery then believes it without a look.
void CrashRun::believe(UndoDisk& image, checkpoint::Engine& engine) {
    checkpoint::CheckpointInfo newest;
    engine.history({&newest, 1});
    auto const& slot = engine.superblock();
    auto const& places = slot.generation == newest.record.generation ? slot.next : newest.record.next;
    for (auto const place : places) {
        std::vector<std::byte> sector(512);
        std::memcpy(sector.data(), image.image().data() + place.offset(), sector.size());
        auto record = base::read<abi::disk::CommitRecord>(sector);
        if (record.generation != engine.recovery().torn_generation.raw()) continue;
        record.flags |= static_cast<std::uint64_t>(abi::disk::RecordFlag::flushed_first);
        base::write(base::Bytes(sector), 0, record);
        record.hash = store::hash128(abi::disk::HashSeed::record,
                                     base::ConstBytes(sector).subspan(abi::disk::record_hash_from));
        base::write(base::Bytes(sector), 0, record);
        image.apply(place.offset(), sector);
    }
}

void CrashRun::count(checkpoint::RecoveryReport const& report, checkpoint::Engine& engine,
                     std::uint64_t number, std::uint64_t marked) {
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
void CrashRun::reopen(UndoDisk& image, std::uint64_t number, std::uint64_t marked) {
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
    QuietListener quiet;
    checkpoint::OfflineStore reader;
    store.settle();
    if (!reader.open(image, memory_.memory(), limits_)) return violation("offline", marked);
    auto const result = reader.check(quiet);
    if (!result || result->findings != 0) return violation("check after the second boot", marked);
    ++totals().branches.reopened;
}

// T2: the boot after the cut, and its first commit, are recorded and cut themselves.
void CrashRun::nest(UndoDisk& image, std::uint64_t number) {
    SimulatedDisk disk(image.image().size(), {.seed = state_});
    disk.image() = image.image();
    ReferenceStore store(disk, limits_);
    store.adopt(models_, number);
    disk.start_recording();
    store.on_acknowledged = [&](std::uint64_t what) { disk.mark(what); };
    if (!store.open(7000 + state_)) return violation("open for writing", number);
    if (!store.commit({{2, {abi::FrameType::data_page, 1, false, 99}}})) return violation("commit", number);
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
    auto const counts =
        states.run([&](UndoDisk& inner_image, std::uint64_t marked) { nested.check(inner_image, marked); });
    violations_ += nested.violations_;
    totals().states += counts.states;
    totals().distinct += counts.distinct;
    totals().branches.nested_states += counts.states;
}

} // namespace tests
