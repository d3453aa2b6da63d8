// SPDX-License-Identifier: Apache-2.0
// What the console says about checkpoints. A generation is acknowledged here, and only after the migrator has
// told that its commit is done: the line is printed with the newest generation known at that moment.
#include "driver.hpp"

#include "processor_features.hpp"

namespace console {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t millisecond = 1'000'000;

using Word = base::TextBuffer<32>;
using Line = base::TextBuffer<200>; // as long as it may get

// An error's name as tools spell it: with hyphens.
Word word_of(std::uint32_t error) {
    Word word;
    for (char const c : abi::describe(static_cast<abi::Error>(error)).name) word.put(c == '_' ? '-' : c);
    return word;
}

// What this processor lacks (R11): ", the store needs avx pkru".
void put_needs(Line& line, std::uint64_t features) {
    if (features == 0) return;
    base::print(line, ", the store needs");
    for (auto const& feature : processor_features) {
        if ((features & feature.bits) == 0) continue;
        base::print(line, " ", feature.name);
        features &= ~feature.bits;
    }
    if (features != 0) base::print(line, " unknown features ", base::Hex{features});
}

} // namespace

// Boots that committed nothing are counted aloud: after three, the machine is held (R33).
void Driver::print_boot() {
    auto const state = status();
    Line line;
    base::print(line, "[stele] boot ", state.boot_number, ", ", boot_.memory_bytes >> 20, " MiB memory");
    if (state.boots_since_commit > 1)
        base::print(line, ", ", state.boots_since_commit, " boots since the last commit");
    screen_.line(line.view());
}

void Driver::restored() {
    auto const state = status();
    held_ = state.held;
    generation_known_ = generation_printed_ = state.restored_generation;
    // Who asked before that is owed an answer: requests are counted from the boot on.
    restored_ = true;
    screen_.line("[stele] ", held_ ? "held" : "restored", " generation ", state.restored_generation, ", ",
                 state.processes, " processes", state.torn_newer ? ", after a torn newer record" : "");
}

void Driver::committed() {
    if (!restored_) return;
    auto const state = status();
    bool const requested = state.requests_served != requests_served_;
    requests_served_ = state.requests_served;
    generation_known_ = state.committed_generation;
    if (requested) print_committed(state, ", requested");
    else if (words_.acknowledge_each && generation_known_ > generation_printed_) print_committed(state, "");
    // A commit that was under way when `off` was typed is not the one it asked for.
    if (requested && state.taken_at >= off_wanted_at_) power_off(orderly_off);
}

void Driver::failed() {
    auto const state = status();
    auto const word = word_of(state.last_error);
    if (!restored_) {
        Line line;
        base::print(line, "[stele] cannot restore: ", word.view());
        put_needs(line, state.features_missing);
        screen_.line(line.view());
        return power_off(cannot_restore);
    }
    off_wanted_at_ = PacedReplies::never;
    screen_.line("[stele] checkpoint failed: ", word.view(), ", generation ", state.committed_generation,
                 " stays");
}

void Driver::print_committed(Status const& status, std::string_view end) {
    std::uint64_t const time = now();
    std::uint64_t const age = time > status.taken_at ? (time - status.taken_at) / millisecond : 0;
    generation_known_ = generation_printed_ = status.committed_generation;
    print_after_ = time + second;
    screen_.line("[stele] generation ", status.committed_generation, " committed, ", status.frames,
                 " frames, age ", age, " ms", end);
}

void Driver::print_counters() {
    auto const answer = runtime::Migrator{authority_.migrator}.counters();
    if (answer.failed()) return;
    auto const& counts = *answer;
    screen_.line("[stele] counters: commits ", counts.commits, " flushes ", counts.flushes, " bytes ",
                 counts.bytes_written, " frames ", counts.frames_written, " fetches ", counts.fetches,
                 " stop-ns ", counts.stop_nanoseconds, " commit-ns ", counts.commit_nanoseconds,
                 " interrupts ", counts.interrupts, " fetches-before-resume ", counts.fetches_before_resume,
                 " restore-ns ", counts.restore_nanoseconds);
}

void Driver::request_checkpoint() { static_cast<void>(runtime::Checkpoint{authority_.checkpoint}.request()); }

// Off comes after the commit of a snapshot taken from now on. Held, nothing runs that could be lost.
void Driver::request_off() {
    off_wanted_at_ = now();
    if (held_) power_off(orderly_off);
    else request_checkpoint();
}

void Driver::power_off(std::uint8_t status) {
    if (status == orderly_off) screen_.line("[stele] off");
    static_cast<void>(runtime::SystemControl{authority_.system_control}.power_off(status));
}

} // namespace console
