// SPDX-License-Identifier: Apache-2.0
// One run of the crash enumeration: a plan is carried out over a disk that records, then every disk a cut
// could leave is recovered and compared with the model. Every state must give the newest acknowledged commit
// or a later whole one, byte for byte. A run shares nothing with another: runs may go on in several threads.
#pragma once

#include "crash_states.hpp"
#include "made_checkpoints.hpp"
#include "reference_store.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// What recovery can do; each must have happened, or the enumeration has not shown it.
enum class Branch : std::uint8_t {
    torn,
    verified,
    trusted_slot,
    trusted_flushed,
    second_copy,
    slot0,
    slot1,
    nothing_walked,
    one_walked,
    many_walked,
    with_map,
    without_map,
    exactly_acknowledged,
    later_than_acknowledged,
    reopened,
    nested,
    nested_twice,
    with_table,
    with_moves,
    with_gone,
    rolled_back,
    views,
    refused,
};
inline constexpr std::array branch_names = {
    "torn newest record, one back",
    "newest record's frames verified",
    "trusted: root slot acknowledges",
    "trusted: flushed first",
    "second copy used",
    "root slot 0 chosen",
    "root slot 1 chosen",
    "no record after the slot",
    "one record after the slot",
    "several records after the slot",
    "with an object map",
    "without an object map",
    "newest acknowledged came back",
    "a later whole one came back",
    "opened for writing, committed to",
    "cut during recovery and the first commit",
    "... and once more during that one's",
    "with a table of checkpoints",
    "with moved blocks",
    "with gone blocks",
    "a rollback came back",
    "every retained checkpoint compared",
    "refused: no store, in the making",
};
using Branches = std::array<std::uint64_t, branch_names.size()>;

struct Plan {
    std::uint32_t segments = 32;
    std::uint32_t entries = 512;
    DiskOptions disk{};
    std::function<void(ReferenceStore&, SimulatedDisk&)> before = nullptr; // not recorded
    std::function<void(ReferenceStore&, SimulatedDisk&)> run = nullptr;
    CrashOptions crash{};
    std::uint64_t reopen_every = 400; // every n-th state is opened for writing, committed to, opened again
    std::uint64_t nest_every = 2500;  // every n-th state's own recovery is recorded and cut
    bool trusting = false;            // planted: a torn newest record is believed
    bool early = false;               // planted: a commit is acknowledged before its flush
    // Checkpoints are told by generation, for frame 1 of a rollback is that of an older one: the plan marks
    // generations and tells `made` of its pins; at each 16th state the whole history is compared.
    std::shared_ptr<MadeCheckpoints> made = nullptr;
    Retention retention{};
    bool faults = false; // requests fail or machines are reset: what was written may be written again
    // Looks at every recovered state; may be null.
    std::function<void(UndoDisk&, checkpoint::Engine&)> look = nullptr;
    // What the plan is for: a counter that must have risen, or what its run counts by itself.
    std::uint64_t checkpoint::Counters::*counter = nullptr;
    std::shared_ptr<std::uint64_t> tally = nullptr;
    // The disk has no store before the run, which makes one: until something is marked, a disk may be refused
    // as none.
    bool blank = false;
};

struct RunResult {
    CrashCounts counts;
    std::size_t events = 0;
    std::uint64_t nested_states = 0;
    std::uint64_t newest_incomplete = 0;
    std::uint64_t violations = 0;
    std::uint64_t counted = 0; // by the plan's counter, while recorded
    Branches branches{};
    std::vector<std::string> told; // the first violations; each begins with what replays it
    std::unordered_set<std::uint64_t> seen;
};

// Names one state: what a violation prints and STELE_CRASH_REPLAY takes.
struct RunName {
    std::string workload;
    std::uint64_t seed = 1;
    std::uint64_t only = 0; // state; 0: all
};

class CrashRun {
public:
    CrashRun(RunName name, Plan const& plan);

    RunResult run();

private:
    static constexpr int nesting_at_most = 2;

    void violation(std::string const& what, std::uint64_t marked);
    void check(UndoDisk& image, std::uint64_t marked);
    std::optional<std::uint64_t> identify(checkpoint::Engine& engine, UndoDisk& image, std::uint64_t marked);
    bool refused(abi::Error error, std::uint64_t marked);
    void prepare(ReferenceStore& store, SimulatedDisk& disk);
    void believe(UndoDisk& image, checkpoint::Engine& engine);
    void count(checkpoint::RecoveryReport const& report, checkpoint::Engine& engine, std::uint64_t number,
               std::uint64_t marked);
    void reopen(UndoDisk& image, std::uint64_t number, std::uint64_t marked);
    void nest(UndoDisk& image, std::uint64_t number);
    void take_over(CrashRun& nested, CrashCounts const& counts);
    std::uint64_t& branch(Branch which) { return result_.branches[static_cast<std::size_t>(which)]; }

    RunName name_;
    Plan plan_;
    checkpoint::Limits limits_;
    EngineMemory memory_;
    std::vector<Model> models_;
    std::uint64_t last_frame_ = 1;
    std::uint64_t state_ = 0;
    int depth_ = 0;
    std::uint64_t outer_state_ = 0; // of the run that this one is nested in
    RunResult result_;
};

} // namespace tests
