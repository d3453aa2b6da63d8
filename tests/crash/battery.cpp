// SPDX-License-Identifier: Apache-2.0
// The enumeration as a whole.
#include "battery.hpp"

#include <base/contract.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace tests {

namespace {

std::string environment(char const* name) {
    auto const* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::uint64_t number(std::string const& text, std::uint64_t otherwise) {
    return text.empty() ? otherwise : std::strtoull(text.c_str(), nullptr, 0);
}

// Exact up to here; beyond it, what comes new is not counted any more, so the figure is a lower bound.
constexpr std::size_t distinct_at_most = std::size_t{1} << 25;

class Pool {
public:
    Pool(Settings const& settings, std::vector<Workload> const& workloads)
        : settings_(settings), workloads_(workloads), rows_(workloads.size()), seen_(workloads.size()) {
        for (std::size_t i = 0; i < workloads.size(); ++i) {
            rows_[i].name = workloads[i].name;
            rows_[i].least_counted = workloads[i].least_counted;
            for (std::uint64_t s = 0; s < settings.seeds_of(workloads[i]); ++s)
                jobs_.push_back({i, settings.first_seed + s});
        }
    }

    std::vector<Row> run() {
        std::vector<std::thread> threads;
        for (unsigned i = 1; i < settings_.jobs; ++i) threads.emplace_back([this] { work(); });
        work();
        for (auto& thread : threads) thread.join();
        for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].distinct = seen_[i].size();
        return std::move(rows_);
    }

private:
    struct Job {
        std::size_t workload = 0;
        std::uint64_t seed = 0;
    };

    void work() {
        for (;;) {
            Job job;
            {
                std::lock_guard const lock(mutex_);
                if (next_ == jobs_.size()) return;
                job = jobs_[next_++];
            }
            auto const& workload = workloads_[job.workload];
            CrashRun run({std::string(workload.name), job.seed, settings_.replay.only},
                         workload.plan(job.seed));
            auto result = run.run();
            std::lock_guard const lock(mutex_);
            take(rows_[job.workload], seen_[job.workload], result);
        }
    }

    static void take(Row& row, std::unordered_set<std::uint64_t>& seen, RunResult& result) {
        ++row.runs;
        row.cuts += result.counts.cuts;
        row.states += result.counts.states + result.nested_states;
        row.most_pending = std::max(row.most_pending, result.counts.most_pending);
        row.newest_incomplete += result.newest_incomplete;
        row.counted += result.counted;
        row.violations += result.violations;
        for (std::size_t i = 0; i < row.branches.size(); ++i) row.branches[i] += result.branches[i];
        for (auto& line : result.told)
            if (row.told.size() < 5) row.told.push_back(std::move(line));
        if (seen.size() < distinct_at_most) seen.merge(result.seen);
    }

    Settings const& settings_;
    std::vector<Workload> const& workloads_;
    std::vector<Row> rows_;
    std::vector<std::unordered_set<std::uint64_t>> seen_;
    std::vector<Job> jobs_;
    std::size_t next_ = 0;
    std::mutex mutex_;
};

double percent(std::uint64_t part, std::uint64_t all) {
    return all == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
}

void print(Totals const& totals, double seconds) {
    std::printf("%-16s %6s %9s %11s %11s %8s %11s %9s %10s\n", "workload", "seeds", "cuts", "states",
                "distinct", "pending", "incomplete", "counted", "violations");
    for (auto const& row : totals.rows)
        std::printf("%-16s %6lu %9lu %11lu %11lu %8lu %9.0f %% %9lu %10lu\n", std::string(row.name).c_str(),
                    row.runs, row.cuts, row.states, row.distinct, row.most_pending,
                    percent(row.newest_incomplete, row.states), row.counted, row.violations);
    std::printf("%-16s %6s %9s %11lu %11lu %8s %9.0f %% %9s %10lu   %.0f s\n", "total", "", "", totals.states,
                totals.distinct, "", percent(totals.newest_incomplete, totals.states), "", totals.violations,
                seconds);
    for (std::size_t i = 0; i < branch_names.size(); ++i)
        std::printf("  %-42s %11lu\n", branch_names[i], totals.branches[i]);
}

} // namespace

Settings Settings::from_environment() {
    Settings settings;
    auto const tier = environment("STELE_CRASH_TIER");
    expects(tier.empty() || tier == "test" || tier == "crash" || tier == "campaign");
    if (tier == "crash") settings.tier = Tier::crash;
    if (tier == "campaign") settings.tier = Tier::campaign;
    settings.first_seed = number(environment("STELE_CRASH_SEED"), 1);
    auto const all = settings.tier == Tier::test ? 1U : std::max(1U, std::thread::hardware_concurrency());
    settings.jobs = static_cast<unsigned>(number(environment("STELE_CRASH_JOBS"), all));
    settings.workload = environment("STELE_CRASH_WORKLOAD");
    auto const replay = environment("STELE_CRASH_REPLAY");
    if (replay.empty()) return settings;
    auto const first = replay.find(':');
    auto const second = replay.find(':', first + 1);
    expects(first != std::string::npos && second != std::string::npos);
    settings.replay = {replay.substr(0, first), number(replay.substr(first + 1, second - first - 1), 1),
                       number(replay.substr(second + 1), 1)};
    settings.workload = settings.replay.workload;
    settings.first_seed = settings.replay.seed;
    settings.jobs = 1;
    return settings;
}

std::uint64_t Settings::seeds_of(Workload const& of) const {
    if (!workload.empty() && workload != of.name) return 0;
    if (replay.only != 0) return 1;
    return of.seeds * (tier == Tier::test ? 1 : of.times) * (tier == Tier::campaign ? 40 : 1);
}

Totals run_battery(Settings const& settings, std::vector<Workload> const& workloads) {
    auto const begun = std::chrono::steady_clock::now();
    Totals totals;
    totals.rows = Pool(settings, workloads).run();
    for (auto const& row : totals.rows) {
        totals.states += row.states;
        totals.distinct += row.distinct;
        totals.newest_incomplete += row.newest_incomplete;
        totals.violations += row.violations;
        for (std::size_t i = 0; i < row.branches.size(); ++i) totals.branches[i] += row.branches[i];
    }
    print(totals, std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    return totals;
}

} // namespace tests
