// SPDX-License-Identifier: Apache-2.0
// T3: every sequence of operations up to a small length, with every cut. STELE_SEQUENCE_LENGTH is the length
// (3); a violation names the sequence's number, which STELE_CRASH_REPLAY takes as a seed:
// "sequences:N:STATE".
#include "battery.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace tests {
namespace {

enum class Operation : std::uint8_t {
    commit_nothing,
    commit_one,
    commit_two,
    commit_same, // what is there already
    release,
    fold,
    settle,
    reopen,
    reset,
    fail_write,
    fail_flush,
    idle_note,
    count
};
constexpr auto operations = static_cast<std::uint64_t>(Operation::count);

bool commit(ReferenceStore& store, Model const& changes) {
    auto const done = store.commit(changes);
    return done || done.error == abi::Error::io;
}

// Its writes may be what was to fail: then the next attempt must do.
bool boot(ReferenceStore& store, std::uint64_t nonce) {
    auto opened = store.open(nonce);
    if (opened.error == abi::Error::io) opened = store.open(nonce + 500);
    if (!opened) return false;
    store.adopt_recovered();
    return store.compare().empty();
}

bool apply(Operation operation, std::uint64_t position, ReferenceStore& store, SimulatedDisk& disk) {
    auto const fresh = 100 + position * 10;
    switch (operation) {
    case Operation::commit_nothing: return commit(store, {});
    case Operation::commit_one: return commit(store, {{2, page(fresh)}});
    case Operation::commit_two: return commit(store, {{2, page(fresh + 1)}, {4, page(fresh + 2)}});
    case Operation::commit_same: return commit(store, {{3, page(3)}});
    case Operation::release: return commit(store, {{4, {abi::FrameType::free, 1, false, 0}}});
    case Operation::fold: {
        auto const folds = store.engine().counters().folds;
        for (int i = 0; i < 40 && store.engine().counters().folds == folds; ++i) {
            if (!commit(store, {{5, page(fresh + 3)}})) return false;
            store.settle();
        }
        return store.engine().counters().folds > folds;
    }
    case Operation::settle: store.settle(); return true;
    case Operation::reopen: store.settle(); return boot(store, 2000 + position);
    case Operation::reset: disk.reset(); return boot(store, 3000 + position);
    case Operation::fail_write:
    case Operation::fail_flush:
        disk.options.fail_kind =
            operation == Operation::fail_write ? store::RequestKind::write : store::RequestKind::flush;
        disk.options.fail_request = 1;
        return true;
    case Operation::idle_note: store.engine().note_idle(); return true;
    case Operation::count: break;
    }
    return false;
}

// Sequences are numbered in order of their length, from 1.
std::vector<Operation> sequence_of(std::uint64_t number) {
    std::vector<Operation> sequence;
    for (auto rest = number; rest > 0; rest = (rest - 1) / operations)
        sequence.push_back(static_cast<Operation>((rest - 1) % operations));
    return sequence;
}

std::uint64_t sequences_up_to(std::uint64_t length) {
    std::uint64_t all = 0, power = 1;
    for (std::uint64_t i = 0; i < length; ++i) all += power *= operations;
    return all;
}

// Of the sequences beyond three, which are many, every subset of fewer pending writes is made.
Plan plan_of(std::uint64_t number) {
    auto const long_one = number > sequences_up_to(3);
    auto const run = [=](ReferenceStore& store, SimulatedDisk& disk) {
        auto const sequence = sequence_of(number);
        for (std::size_t i = 0; i < sequence.size(); ++i)
            ASSERT_TRUE(apply(sequence[i], i, store, disk)) << "sequence " << number << ", operation " << i;
        disk.options.fail_request = 0;
        store.settle();
        // What came before is the parent of something.
        ASSERT_TRUE(store.commit({{6, page(6)}}));
    };
    return {.segments = 40,
            .disk = {.seed = number},
            .before = commits(2, 5, 4, 3),
            .run = run,
            .crash = {.exhaustive_below = long_one ? 6U : 8U, .samples = 2, .seed = number},
            .reopen_every = 500,
            .nest_every = 0,
            .faults = true};
}

TEST(Sequences, every_short_one_with_every_cut) {
    auto const* text = std::getenv("STELE_SEQUENCE_LENGTH");
    auto const last = sequences_up_to(text == nullptr ? 3 : std::strtoull(text, nullptr, 0));
    auto const settings = Settings::from_environment();
    auto const only = settings.replay.only;
    std::mutex mutex;
    std::uint64_t next = only == 0 ? 1 : settings.replay.seed, states = 0, distinct = 0, violations = 0;
    auto const stop = only == 0 ? last : settings.replay.seed;
    auto const work = [&] {
        std::unique_lock lock(mutex);
        while (next <= stop && violations < 10) {
            auto const number = next++;
            lock.unlock();
            auto const result = CrashRun({"sequences", number, only}, plan_of(number)).run();
            lock.lock();
            states += result.counts.states;
            distinct += result.counts.distinct;
            violations += result.violations;
            for (auto const& line : result.told) ADD_FAILURE() << line;
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < settings.jobs; ++i) threads.emplace_back(work);
    work();
    for (auto& thread : threads) thread.join();
    std::printf("%lu sequences of %lu operations, %lu states, %lu distinct in their sequence\n", last,
                operations, states, distinct);
    if (only == 0) {
        EXPECT_GT(states, last * 50);
    }
    EXPECT_EQ(violations, 0u);
}

} // namespace
} // namespace tests
