// SPDX-License-Identifier: Apache-2.0
// Workloads on a device that fails, and on a machine that is reset while the device keeps its cache.
#include "workloads.hpp"

#include <gtest/gtest.h>

namespace tests {

namespace {

using checkpoint::Counters;
using store::RequestKind;

struct Failing {
    std::uint64_t first = 1; // of the requests from now on
    std::uint64_t count = 1;
    std::optional<RequestKind> kind = std::nullopt;
    int commits_after = 8;
};

// A request fails, or so many in a row: the commit is abandoned (R25), its changes go with the next, and what
// a failed write or flush may have lost is lost for good in some of the states.
Plan failing(std::uint64_t seed, Failing const& fault) {
    auto const run = [=](ReferenceStore& store, SimulatedDisk& disk) {
        std::mt19937_64 random(seed);
        disk.options.fail_request = fault.first;
        disk.options.fail_count = fault.count;
        disk.options.fail_kind = fault.kind;
        for (int i = 0; i < fault.commits_after; ++i) {
            auto const done = store.commit(some_changes(random, 9, random() % 4));
            if (!done) {
                ASSERT_EQ(done.error, abi::Error::io);
            }
        }
        ASSERT_LE(store.engine().counters().failed, fault.count);
    };
    return {.disk = {.seed = seed},
            .before = commits(3, seed + 30, 9, 4),
            .run = run,
            .crash = {.exhaustive_below = 7, .samples = 10, .seed = seed},
            .faults = true,
            .counter = &Counters::failed};
}

Plan failed_request(std::uint64_t seed) {
    return failing(seed, {.first = 1 + seed % 40, .commits_after = 7});
}
Plan failed_flushes(std::uint64_t seed) {
    return failing(seed, {1 + seed % 16, 1 + seed % 2, RequestKind::flush, 14});
}
Plan failed_writes(std::uint64_t seed) {
    return failing(seed, {1 + seed * 3 % 40, 5, RequestKind::write, 14});
}

// The machine is reset at any moment, and boots; the power goes later. What recovery read may have been in
// the device's cache only, and after a failed flush no later flush may bring it to the disk.
Plan reset(std::uint64_t seed, bool flushes_fail) {
    auto const run = [=](ReferenceStore& store, SimulatedDisk& disk) {
        std::mt19937_64 random(seed);
        for (std::uint64_t boot = 0; boot < 5; ++boot) {
            for (auto n = 1 + random() % 4; n > 0; --n) {
                if (flushes_fail && random() % 4 == 0) {
                    disk.options.fail_kind = RequestKind::flush;
                    disk.options.fail_request = 1;
                }
                auto const done = store.commit(some_changes(random, 9, random() % 5));
                if (!done) {
                    ASSERT_EQ(done.error, abi::Error::io);
                }
            }
            // In the midst of one more, that may be acknowledged or not.
            store.cut = [left = random() % 24]() mutable { return left-- == 0; };
            auto const done = store.commit(some_changes(random, 9, 1 + random() % 5));
            if (!done) {
                ASSERT_TRUE(done.error == abi::Error::restarted || done.error == abi::Error::io);
            }
            store.cut = nullptr;
            disk.reset();
            disk.options.fail_request = 0;
            ASSERT_TRUE(store.open(3000 + boot));
            store.adopt_recovered();
            ASSERT_EQ(store.compare(), "");
        }
    };
    return {.disk = {.seed = seed},
            .before = commits(3, seed + 70, 9, 5),
            .run = run,
            .crash = {.exhaustive_below = 8, .samples = 20, .seed = seed},
            .faults = true};
}

Plan resets(std::uint64_t seed) { return reset(seed, false); }
Plan failed_resets(std::uint64_t seed) { return reset(seed, true); }

constexpr Workload table[] = {
    {"failed-request", 24, failed_request, 6, 6}, {"failed-flushes", 8, failed_flushes, 12},
    {"failed-writes", 8, failed_writes, 12},      {"resets", 5, resets},
    {"failed-resets", 4, failed_resets},
};

} // namespace

std::span<Workload const> fault_workloads() { return table; }

} // namespace tests
