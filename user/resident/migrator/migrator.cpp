// SPDX-License-Identifier: Apache-2.0
// Start, the round, and the answers to Migrator's callers.
#include "migrator.hpp"

#include "restore.hpp"

#include <abi/resident_events.hpp>
#include <runtime/print.hpp>

#include <array>
#include <string_view>

namespace migrator {

namespace {

constexpr unsigned program_index = 2; // in the resident image
constexpr std::uint64_t millisecond = 1'000'000;
constexpr std::uint64_t retry_ns = 2 * millisecond;  // of an answer that found no memory
constexpr std::uint64_t hurry_ns = 10 * millisecond; // between snapshots that are to make memory clean

std::string_view command_line(abi::BootInfo const& boot) {
    auto const length = boot.command_line_length;
    return {boot.command_line.data(), length < boot.command_line.size() ? length : boot.command_line.size()};
}

} // namespace

Migrator::Migrator(Authority const& authority)
    : authority_(authority),
      words_(parse_boot_words(command_line(authority.boot))),
      inbox_(authority.received),
      device_(authority.arena, inbox_, authority.block_driver),
      fetch_(engine_, status_, runtime::ObjectSource{authority.object_source}, runtime::Log{authority.log}),
      stabilise_(engine_, status_, pacing_,
                 {runtime::Checkpoint{authority.checkpoint}, runtime::Clock{authority.clock},
                  runtime::Endpoint{authority.console}}) {}

void Migrator::start() {
    // The persistent clock jumps in here: the processor's own counter does not.
    auto const began = __builtin_ia32_rdtsc();
    auto const restored = migrator::restore({.engine = engine_,
                                             .device = device_,
                                             .tables = authority_.tables,
                                             .boot = authority_.boot,
                                             .words = words_,
                                             .source = runtime::ObjectSource{authority_.object_source},
                                             .root = authority_.root},
                                            status_);
    failure_ = restored.error;
    status_.failed(failure_);
    auto const ticks_per_ms = authority_.boot.timestamp_per_ms;
    if (ticks_per_ms != 0)
        status_.counters.restore_nanoseconds = (__builtin_ia32_rdtsc() - began) * millisecond / ticks_per_ms;
    runtime::Log const log{authority_.log};
    if (failure_ != abi::Error::none) {
        static_cast<void>(
            runtime::print_line(log, "migrator: cannot restore: ", abi::describe(failure_).name));
    } else {
        static_cast<void>(runtime::print_line(log, "migrator: generation ", status_.now.restored_generation,
                                              ", boot ", status_.now.boot_number));
        // Whatever was posted before somebody listened is asked for by the first rounds.
        static_cast<void>(runtime::ObjectSource{authority_.object_source}.attach(
            authority_.endpoint, abi::bits(abi::MigratorEvent::frames_wanted)));
        static_cast<void>(runtime::Checkpoint{authority_.checkpoint}.attach(
            authority_.endpoint, abi::bits(abi::MigratorEvent::checkpoint_wanted)));
    }
    static_cast<void>(runtime::Endpoint{authority_.supervisor}.post(abi::ready_event(program_index)));
}

void Migrator::round() {
    bool const worked = failure_ == abi::Error::none && work();
    auto* const call = inbox_.next(!worked);
    if (inbox_.take(abi::MigratorEvent::frames_wanted)) fetch_.wanted();
    if (inbox_.take(abi::MigratorEvent::checkpoint_wanted)) pacing_.ask();
    if (inbox_.take(abi::MigratorEvent::alarm)) alarm_ = Pacing::never;
    inbox_.take(abi::MigratorEvent::completion); // the rings are looked at in every round
    if (call != nullptr && !runtime::migrator_server::dispatch(*this, *call))
        call->complete(Result<>(base::fail(abi::Error::bad_operation)));
}

// One round over the store: completions in, then each part, then requests out.
// true: call again before sleeping.
bool Migrator::work() {
    std::array<store::Completion, 32> done;
    std::size_t const count = device_.poll(done, false);
    advance({done.data(), count});
    std::uint64_t const time = now();
    bool worked = count != 0;
    if (auto const bytes = budget_.limited() ? budget_.earned(time) : 0; bytes > 0)
        engine_.grant_migration(bytes);
    worked |= fetch_.step();
    if (fetch_.starving() && time >= hurry_at_) {
        pacing_.hurry();
        hurry_at_ = time + hurry_ns;
    }
    worked |= stabilise_.step(time);
    if (stabilise_.phase() == Phase::idle && pacing_.idle(time)) engine_.note_idle();
    worked |= advance({});
    device_.ring();
    if (!worked) set_alarm(time);
    return worked;
}

bool Migrator::advance(std::span<store::Completion const> done) {
    store::RequestList requests;
    engine_.step(done, requests);
    for (auto const& request : requests) device_.submit(request);
    // A fold may have steps that need no disk: whoever sleeps now would never come back to them.
    return !requests.empty() || engine_.runnable();
}

// The endpoint has one alarm; it is set again only when a nearer or another time is wanted.
void Migrator::set_alarm(std::uint64_t time) {
    std::uint64_t wanted = stabilise_.phase() == Phase::idle ? pacing_.wake_at(time) : Pacing::never;
    if (fetch_.starving() && wanted > time + retry_ns) wanted = time + retry_ns;
    if (engine_.resting() && wanted > budget_.wake_at(time)) wanted = budget_.wake_at(time);
    if (wanted == alarm_ || wanted == Pacing::never) return;
    alarm_ = wanted;
    static_cast<void>(
        runtime::Endpoint{authority_.endpoint}.set_alarm(wanted, abi::bits(abi::MigratorEvent::alarm)));
}

std::uint64_t Migrator::now() const {
    auto const time = runtime::Clock{authority_.clock}.now();
    return time.failed() ? 0 : time->nanoseconds;
}

Result<runtime::migrator_server::RestoreResult> Migrator::restore(runtime::Request&) {
    if (failure_ != abi::Error::none) return base::fail(failure_);
    return runtime::migrator_server::RestoreResult{authority_.root};
}

Result<> Migrator::resume(runtime::Request&) {
    if (failure_ != abi::Error::none) return base::fail(failure_);
    if (pacing_.running()) return {};
    status_.counters.fetches_before_resume = status_.counters.fetches;
    TRY(runtime::ObjectSource{authority_.object_source}.resume(status_.now.held));
    budget_ = MigrationBudget(engine_.superblock().migration_kib_s, now());
    if (budget_.limited()) engine_.grant_migration(0);
    pacing_.start(now(), words_.interval_ms.value_or(engine_.superblock().interval_ms) * millisecond);
    return {};
}

Result<runtime::migrator_server::StatusResult> Migrator::status(runtime::Request&) { return status_.now; }

Result<runtime::migrator_server::CountersResult> Migrator::counters(runtime::Request&) {
    auto counters = status_.counters;
    if (failure_ == abi::Error::none) {
        auto const& store = engine_.counters();
        counters.bytes_written = store.bytes_committed + store.bytes_migrated + store.bytes_rooted;
        counters.frames_written = store.frames_written;
    }
    counters.flushes = device_.flushes();
    counters.interrupts = device_.interrupts();
    return counters;
}

} // namespace migrator
