// SPDX-License-Identifier: Apache-2.0
// One run of the crash enumeration.
#include "crash_run.hpp"

#include <abi/disk/commit_record.hpp>
#include <gtest/gtest.h>
#include <store/hash.hpp>

#include <algorithm>
#include <utility>

namespace tests {

namespace {

constexpr std::uint32_t shift = 14;

checkpoint::Limits limits_of(Plan const& plan) {
    auto limits = small_limits(plan.segments);
    limits.unmigrated_entries = plan.entries;
    if (plan.made) limits.side_chunk = 16384; // a table of any number of checkpoints
    return limits;
}

} // namespace

CrashRun::CrashRun(RunName name, Plan const& plan)
    : name_(std::move(name)), plan_(plan), limits_(limits_of(plan)), memory_(limits_) {}

// A store as the plan wants it, with nothing in flight.
void CrashRun::prepare(ReferenceStore& store, SimulatedDisk& disk) {
    EXPECT_TRUE(store.format(shift, plan_.retention));
    EXPECT_TRUE(store.open(1000));
    if (plan_.made) {
        store.on_acknowledged = [&](std::uint64_t) {
            plan_.made->acknowledged(store.engine().newest());
            disk.mark(store.engine().newest().raw());
        };
    } else if (plan_.early) {
        store.on_added = [&](std::uint64_t frame) {
            if (frame == 1) disk.mark(store.models().size() - 1);
        };
    } else {
        store.on_acknowledged = [&](std::uint64_t number) { disk.mark(number); };
    }
    if (plan_.before) plan_.before(store, disk);
    store.settle();
    disk.catch_up();
}

RunResult CrashRun::run() {
    SimulatedDisk disk(std::size_t{plan_.segments} << shift, plan_.disk);
    ReferenceStore store(disk, limits_);
    if (!plan_.blank) prepare(store, disk);
    disk.start_recording();
    auto const acknowledged = plan_.made ? store.engine().newest().raw() : store.acknowledged();
    auto const counted = plan_.counter != nullptr ? store.engine().counters().*plan_.counter : 0;
    plan_.run(store, disk);
    if (plan_.counter != nullptr) result_.counted = store.engine().counters().*plan_.counter - counted;
    if (plan_.tally) result_.counted = *plan_.tally;
    models_ = store.models();
    if (plan_.made) plan_.made->learn(store);
    for (auto const& model : models_)
        if (!model.empty()) last_frame_ = std::max(last_frame_, model.rbegin()->first);
    plan_.crash.volatile_cache = plan_.disk.volatile_cache;
    CrashStates states(disk.start(), disk.history(), acknowledged, plan_.crash);
    result_.counts = states.run([this](UndoDisk& image, std::uint64_t marked) { check(image, marked); });
    result_.events = disk.history().size();
    result_.seen.insert(states.seen().begin(), states.seen().end());
    if (!plan_.faults && result_.counts.overlapping > 0)
        violation("writes to the same sectors were pending together", acknowledged);
    return std::move(result_);
}

void CrashRun::violation(std::string const& what, std::uint64_t marked) {
    ++result_.violations;
    if (result_.told.size() >= 3) return;
    auto const outer = depth_ == 0 ? state_ : outer_state_;
    result_.told.push_back("STELE_CRASH_REPLAY='" + name_.workload + ":" + std::to_string(name_.seed) + ":" +
                           std::to_string(outer) + "'" +
                           (depth_ == 0 ? "" : " nested state " + std::to_string(state_)) +
                           ", acknowledged " + std::to_string(marked) + ": " + what);
}

void CrashRun::check(UndoDisk& image, std::uint64_t marked) {
    ++state_;
    if (depth_ == 0 && name_.only != 0 && state_ != name_.only) return;
    checkpoint::Engine engine;
    checkpoint::OpenOptions options;
    options.limits = limits_;
    options.read_only = true;
    auto const writes = image.writes();
    auto opened = engine.open(image, memory_.memory(), options);
    if (plan_.trusting && opened && engine.recovery().torn) {
        believe(image, engine);
        opened = engine.open(image, memory_.memory(), options);
    }
    if (!opened && refused(opened.error, marked)) return;
    if (!opened) return violation("open: " + std::string(abi::describe(opened.error).name), marked);
    auto const model = identify(engine, image, marked);
    if (!model) return;
    auto const number = *model;
    auto const difference = compare(engine, image, models_[number], last_frame_);
    if (!difference.empty()) return violation(difference, marked);
    if (image.writes() != writes) return violation("a reader wrote", marked);
    count(engine.recovery(), engine, number, marked);
    if (plan_.look) plan_.look(image, engine);
    auto const level = image.level();
    if (plan_.reopen_every != 0 && state_ % plan_.reopen_every == 0) reopen(image, number, marked);
    image.undo_to(level);
    if (depth_ < nesting_at_most && plan_.nest_every != 0 && state_ % plan_.nest_every == 0)
        nest(image, number);
}

// A disk on which a store is being made is none before it is whole, and is told to be none.
bool CrashRun::refused(abi::Error error, std::uint64_t marked) {
    if (!plan_.blank || marked != 0) return false;
    if (error != abi::Error::not_a_store && error != abi::Error::bad_superblock) return false;
    ++branch(Branch::refused);
    return true;
}

// Which model came back; none: a violation.
std::optional<std::uint64_t> CrashRun::identify(checkpoint::Engine& engine, UndoDisk& image,
                                                std::uint64_t marked) {
    if (!plan_.made) {
        auto const number = model_number(engine, image);
        if (number >= marked && number < models_.size()) return number;
        violation("model " + std::to_string(number) + " came back", marked);
        return std::nullopt;
    }
    auto const number = plan_.made->model_of_newest(engine);
    if (!number || engine.newest().raw() < marked) {
        violation("checkpoint " + std::to_string(engine.newest().counter()) + " came back", marked);
        return std::nullopt;
    }
    if (state_ % 16 != 0) return number;
    auto const difference = plan_.made->compare_views(image, memory_.memory(), limits_, models_, marked);
    if (!difference.empty()) {
        violation(difference, marked);
        return std::nullopt;
    }
    ++branch(Branch::views);
    // The reader had this engine's memory.
    checkpoint::OpenOptions options;
    options.limits = limits_;
    options.read_only = true;
    if (engine.open(image, memory_.memory(), options)) return number;
    violation("open once more", marked);
    return std::nullopt;
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
    checkpoint::CheckpointInfo newest;
    engine.history({&newest, 1});
    auto const with_map = !newest.record.map.none();
    branch(Branch::torn) += report.torn;
    branch(Branch::verified) += report.verified_frames;
    branch(Branch::trusted_slot) += report.trusted_slot;
    branch(Branch::trusted_flushed) += report.trusted_flushed;
    branch(Branch::second_copy) += report.copies_used > 0;
    branch(Branch::slot0) += report.slot_chosen == 0;
    branch(Branch::slot1) += report.slot_chosen == 1;
    branch(Branch::nothing_walked) += report.records_walked == 0;
    branch(Branch::one_walked) += report.records_walked == 1;
    branch(Branch::many_walked) += report.records_walked > 1;
    branch(Branch::with_map) += with_map;
    branch(Branch::without_map) += !with_map;
    branch(Branch::with_table) += !newest.record.checkpoints.none();
    branch(Branch::with_moves) += !newest.record.moves.none();
    branch(Branch::with_gone) += report.blocks_gone > 0;
    branch(Branch::rolled_back) += newest.restores.raw() != 0;
    auto const identity = plan_.made ? newest.generation.raw() : number;
    branch(Branch::later_than_acknowledged) += identity > marked;
    branch(Branch::exactly_acknowledged) += identity == marked;
    result_.newest_incomplete += report.torn || report.copies_used > 0;
}

// Recovery for writing, one more commit, recovery again: the store lives on from any state.
void CrashRun::reopen(UndoDisk& image, std::uint64_t number, std::uint64_t marked) {
    ReferenceStore store(image, limits_);
    store.adopt(models_, number);
    if (!store.open(5000 + state_)) return violation("open for writing", marked);
    auto const torn = store.engine().recovery().torn_generation;
    auto const difference = store.compare();
    if (!difference.empty()) return violation("after the boot: " + difference, marked);
    auto const done = store.commit({{3, {abi::FrameType::data_page, 0, false, 4711 + state_}}});
    if (!done) return violation("commit after the boot", marked);
    // R24: nor is the number used again of what was stepped back over.
    if (store.engine().newest().counter() <= torn.counter())
        return violation("checkpoint " + std::to_string(torn.counter()) + " is there twice", marked);
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
    ++branch(Branch::reopened);
}

// T2: the boot after the cut, and its first commit, are recorded and cut themselves.
void CrashRun::nest(UndoDisk& image, std::uint64_t number) {
    SimulatedDisk disk(image.image().size(), {.seed = state_, .volatile_cache = plan_.disk.volatile_cache});
    disk.image() = image.image();
    ReferenceStore store(disk, limits_);
    store.adopt(models_, number);
    disk.start_recording();
    store.on_acknowledged = [&](std::uint64_t what) {
        disk.mark(plan_.made ? store.engine().newest().raw() : what);
    };
    if (!store.open(7000 + state_)) return violation("open for writing", number);
    auto const marked = plan_.made ? store.engine().newest().raw() : number;
    if (!store.commit({{2, {abi::FrameType::data_page, 1, false, 99}}})) return violation("commit", number);
    store.settle();
    auto inner = plan_;
    if (plan_.made) {
        inner.made = std::make_shared<MadeCheckpoints>(*plan_.made);
        inner.made->go_back_to(checkpoint::Generation(marked));
        inner.made->learn(store);
    }
    inner.blank = false;
    inner.nest_every = depth_ == 0 ? 1500 : 0;
    inner.reopen_every = 1000;
    CrashRun nested(name_, inner);
    nested.depth_ = depth_ + 1;
    nested.outer_state_ = depth_ == 0 ? state_ : outer_state_;
    nested.models_ = store.models();
    nested.last_frame_ = last_frame_;
    CrashStates states(
        disk.start(), disk.history(), marked,
        {.exhaustive_below = 8, .samples = 4, .seed = state_, .volatile_cache = plan_.disk.volatile_cache});
    auto const counts = states.run([&](UndoDisk& cut, std::uint64_t what) { nested.check(cut, what); });
    nested.result_.seen.insert(states.seen().begin(), states.seen().end());
    take_over(nested, counts);
}

void CrashRun::take_over(CrashRun& nested, CrashCounts const& counts) {
    auto& inner = nested.result_;
    result_.violations += inner.violations;
    for (auto& line : inner.told)
        if (result_.told.size() < 3) result_.told.push_back(std::move(line));
    auto const deeper = std::exchange(inner.branches[static_cast<std::size_t>(Branch::nested)], 0);
    for (std::size_t i = 0; i < inner.branches.size(); ++i) result_.branches[i] += inner.branches[i];
    branch(Branch::nested) += counts.states;
    branch(Branch::nested_twice) += deeper;
    result_.newest_incomplete += inner.newest_incomplete;
    result_.nested_states += counts.states + inner.nested_states;
    result_.seen.merge(inner.seen);
}

} // namespace tests
