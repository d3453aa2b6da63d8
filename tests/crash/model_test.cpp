// SPDX-License-Identifier: Apache-2.0
// Random sequences of operations against a plain model in memory. STELE_MODEL_STEPS is how many (20,000),
// STELE_MODEL_SEED where they begin; a failure prints the seed of its world, which is a thousand steps.
#include "workloads.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace tests {
namespace {

constexpr std::uint32_t shift = 14;
constexpr std::uint32_t segments = 64;
constexpr std::uint64_t steps_of_a_world = 1000;
constexpr std::uint64_t frames = 48;

std::uint64_t setting(char const* name, std::uint64_t otherwise) {
    auto const* value = std::getenv(name);
    return value == nullptr ? otherwise : std::strtoull(value, nullptr, 0);
}

enum class Step : std::uint8_t {
    commit,
    big_commit,
    release,
    settle,
    fetch,
    idle,
    reopen,
    reset,
    fail,
    pin,
    unpin,
    roll_back,
    count
};
constexpr std::array<char const*, static_cast<std::size_t>(Step::count)> step_names = {
    "commit", "big commit", "release",        "settle", "fetch", "idle note",
    "reopen", "reset",      "failing commit", "pin",    "unpin", "rollback"};

class World {
public:
    explicit World(std::uint64_t seed)
        : random_(seed),
          disk_(segments << shift, {.seed = seed, .volatile_cache = seed % 4 != 0}),
          store_(disk_, limits()) {}

    std::string run(std::array<std::uint64_t, step_names.size()>& taken);
    void add_counters(); // of the boot that ends
    std::uint64_t folds = 0, moved = 0, laps = 0;

private:
    static checkpoint::Limits limits();
    std::string step(Step step);
    std::string travel(Step step);
    std::string commit(Model const& changes);
    std::string reset();
    std::string fetch();
    std::string reopen();
    std::string check();
    Step choose();

    std::mt19937_64 random_;
    SimulatedDisk disk_;
    ReferenceStore store_;
    std::uint64_t boot_ = 100;
    std::uint64_t named_ = 0;
    std::vector<std::string> pins_;
};

void World::add_counters() {
    auto const& counters = store_.engine().counters();
    folds += counters.folds;
    moved += counters.frames_moved;
    laps += counters.laps;
}

checkpoint::Limits World::limits() {
    auto limits = small_limits(segments);
    limits.side_chunk = 16384; // a table of any number of checkpoints
    return limits;
}

std::string World::commit(Model const& changes) {
    auto const done = store_.commit(changes);
    return done ? "" : "commit: " + std::string(abi::describe(done.error).name);
}

// In the midst of a commit; what was in flight was done or not.
std::string World::reset() {
    store_.cut = [left = random_() % 30]() mutable { return left-- == 0; };
    auto const done = store_.commit(some_changes(random_, frames, random_() % 6));
    store_.cut = nullptr;
    if (!done && done.error != abi::Error::restarted)
        return "commit: " + std::string(abi::describe(done.error).name);
    add_counters();
    disk_.reset();
    if (auto const opened = store_.open(++boot_); !opened)
        return "open: " + std::string(abi::describe(opened.error).name);
    store_.adopt_recovered();
    return store_.compare();
}

std::string World::fetch() {
    auto const& model = store_.models()[store_.acknowledged()];
    auto const frame = 1 + random_() % (frames + 4);
    auto const found = fetch_frame(store_.engine(), disk_, frame);
    auto const entry = model.find(frame);
    if (entry == model.end()) return found.error == abi::Error::absent ? "" : "a frame that should be absent";
    if (found.error != abi::Error::none) return "fetch: " + std::string(abi::describe(found.error).name);
    std::vector<std::byte> want(abi::frame_size);
    fill_content(entry->second.seed, want);
    return found.content == want && found.facts.mark == entry->second.mark ? "" : "a frame's content differs";
}

std::string World::reopen() {
    store_.settle();
    add_counters();
    if (auto const opened = store_.open(++boot_); !opened)
        return "open: " + std::string(abi::describe(opened.error).name);
    store_.adopt_recovered(); // a commit whose flush failed may have come through whole
    return store_.compare();
}

std::string World::check() { return store_.compare_history(); }

// Commits most of the time, allocation within the line that space() draws (R29).
Step World::choose() {
    auto const roll = random_() % 100;
    if (roll < 45) return store_.engine().space().refuse_allocation ? Step::release : Step::commit;
    if (roll < 50) return store_.engine().space().refuse_allocation ? Step::release : Step::big_commit;
    if (roll < 60) return Step::release;
    if (roll < 70) return Step::settle;
    if (roll < 85) return Step::fetch;
    if (roll < 89) return Step::idle;
    if (roll < 93) return Step::reopen;
    if (roll < 95) return Step::reset;
    if (roll < 97) return Step::fail;
    if (roll < 98) return Step::pin;
    return roll < 99 ? Step::unpin : Step::roll_back;
}

std::string World::step(Step step) {
    switch (step) {
    case Step::commit: return commit(some_changes(random_, frames, random_() % 6));
    case Step::big_commit: return commit(some_changes(random_, frames, 30));
    case Step::release: {
        Model changes;
        for (int i = 0; i < 4; ++i)
            changes[2 + random_() % frames] = {abi::FrameType::free, static_cast<std::uint32_t>(i), false, 0};
        return commit(changes);
    }
    case Step::settle: store_.settle(); return "";
    case Step::fetch: return fetch();
    case Step::idle:
        store_.engine().note_idle();
        store_.settle();
        return "";
    case Step::reopen: return reopen();
    case Step::reset: return reset();
    case Step::fail: {
        disk_.options.fail_request = 1 + random_() % 12;
        disk_.options.fail_kind = random_() % 2 == 0 ? store::RequestKind::write : store::RequestKind::flush;
        auto const done = store_.commit(some_changes(random_, frames, random_() % 6));
        disk_.options.fail_request = 0;
        if (!done && done.error != abi::Error::io)
            return "commit: " + std::string(abi::describe(done.error).name);
        return "";
    }
    case Step::pin:
    case Step::unpin:
    case Step::roll_back: return travel(step);
    case Step::count: break;
    }
    return "no such step";
}

// What cannot be afforded is refused; what is waited for may cost the checkpoint that was meant.
std::string World::travel(Step step) {
    store_.settle();
    auto const list = store_.history();
    auto const at = list[random_() % list.size()].generation;
    auto done = base::Result<>();
    if (step == Step::pin) {
        auto const name = "pin " + std::to_string(++named_);
        done = store_.pin(at, name);
        if (done) pins_.push_back(name);
    } else if (step == Step::unpin && !pins_.empty()) {
        std::swap(pins_[random_() % pins_.size()], pins_.back());
        done = store_.unpin(pins_.back());
        if (done) pins_.pop_back();
    } else if (step == Step::roll_back) {
        done = store_.roll_back(at);
    }
    using abi::Error;
    if (done || done.error == Error::no_space || done.error == Error::no_such_checkpoint ||
        done.error == Error::in_use || done.error == Error::limit_reached)
        return "";
    return "refused: " + std::string(abi::describe(done.error).name);
}

std::string World::run(std::array<std::uint64_t, step_names.size()>& taken) {
    if (!store_.format(shift) || !store_.open(boot_)) return "format";
    for (std::uint64_t i = 0; i < steps_of_a_world; ++i) {
        auto const chosen = choose();
        ++taken[static_cast<std::size_t>(chosen)];
        auto what = step(chosen);
        if (what.empty() && i % 25 == 0) what = store_.compare();
        if (what.empty() && i % 250 == 249) what = check();
        if (!what.empty())
            return "step " + std::to_string(i) + ", " + step_names[static_cast<std::size_t>(chosen)] + ": " +
                   what;
    }
    return "";
}

TEST(Model, random_sequences_leave_what_the_model_says) {
    auto const worlds = setting("STELE_MODEL_STEPS", 20'000) / steps_of_a_world;
    auto const first = setting("STELE_MODEL_SEED", 1);
    std::array<std::uint64_t, step_names.size()> taken{};
    std::uint64_t folds = 0, moved = 0, laps = 0;
    for (std::uint64_t seed = first; seed < first + worlds; ++seed) {
        World world(seed);
        auto const what = world.run(taken);
        ASSERT_EQ(what, "") << "STELE_MODEL_SEED=" << seed << " STELE_MODEL_STEPS=" << steps_of_a_world;
        world.add_counters();
        folds += world.folds;
        moved += world.moved;
        laps += world.laps;
    }
    for (std::size_t i = 0; i < taken.size(); ++i) {
        std::printf("%s %s %lu", i == 0 ? "steps:" : ",", step_names[i], taken[i]);
        EXPECT_GT(taken[i], 0u) << step_names[i];
    }
    std::printf("; %lu folds, %lu frames moved, %lu laps\n", folds, moved, laps);
    EXPECT_GT(folds, worlds);
    EXPECT_GT(moved, worlds);
    EXPECT_GT(laps, worlds);
}

} // namespace
} // namespace tests
