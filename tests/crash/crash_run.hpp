// SPDX-License-Identifier: Apache-2.0
// One workload of the crash enumeration: run over a disk that records, then every disk a cut could leave is
// recovered and compared with the model. Every state must give the newest acknowledged commit or a later
// whole one, byte for byte.
#pragma once

#include "crash_states.hpp"
#include "reference_store.hpp"

#include <functional>
#include <string>

namespace tests {

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

// Over all workloads of the process.
Totals& totals();

struct Workload {
    std::string name;
    std::uint32_t segments = 32;
    DiskOptions disk{};
    std::function<void(ReferenceStore&, SimulatedDisk&)> before = nullptr; // not recorded
    std::function<void(ReferenceStore&, SimulatedDisk&)> run = nullptr;
    CrashOptions crash{};
    std::uint64_t reopen_every = 400; // every n-th state is opened for writing, committed to, opened again
    std::uint64_t nest_every = 0;     // every n-th state's own recovery is recorded and cut
    bool expect_violations = false;
    bool trusting = false; // planted: a torn newest record is believed
    bool faults = false;   // requests fail: what failed may be written again before a flush
    std::uint32_t entries = 512;
};

class CrashRun {
public:
    explicit CrashRun(Workload const& workload);

    CrashCounts run();
    std::uint64_t violations() const { return violations_; }

private:
    void violation(std::string const& what, std::uint64_t marked);
    void check(UndoDisk& image, std::uint64_t marked);
    void believe(UndoDisk& image, checkpoint::Engine& engine);
    void count(checkpoint::RecoveryReport const& report, checkpoint::Engine& engine, std::uint64_t number,
               std::uint64_t marked);
    void reopen(UndoDisk& image, std::uint64_t number, std::uint64_t marked);
    void nest(UndoDisk& image, std::uint64_t number);

    Workload workload_;
    checkpoint::Limits limits_;
    EngineMemory memory_;
    std::vector<Model> models_;
    std::uint64_t last_frame_ = 1;
    std::uint64_t state_ = 0;
    std::uint64_t violations_ = 0;
};

} // namespace tests
