// SPDX-License-Identifier: Apache-2.0
// The migrator's parts over one store, and the round that drives them. Calls nobody above itself, touches no
// persistent memory, allocates nothing after its start (R19).
#pragma once

#include "boot_words.hpp"
#include "fetch_service.hpp"
#include "inbox.hpp"
#include "migration_budget.hpp"
#include "pacing.hpp"
#include "queued_device.hpp"
#include "stabilise.hpp"
#include "status.hpp"

#include <abi/boot_info.hpp>
#include <checkpoint/engine.hpp>
#include <runtime/client/endpoint.hpp>

namespace migrator {

struct Authority {
    base::Bytes arena;  // the DMA arena
    base::Bytes tables; // memory of the store
    abi::BootInfo const& boot;
    runtime::Slot log, clock, endpoint, supervisor, console, block_driver, checkpoint, object_source;
    runtime::Slot root;     // a free slot
    runtime::Slot received; // the first of four free slots
};

class Migrator {
public:
    explicit Migrator(Authority const& authority);

    // Recovers the store and tells the kernel, then says that it is ready. A failure is told to whoever asks.
    void start();
    // Does what can be done, then answers one call; sleeps when there is nothing to do.
    void round();

    // The server of abi/interfaces/migrator.capnp.
    Result<runtime::migrator_server::RestoreResult> restore(runtime::Request& request);
    Result<> resume(runtime::Request& request);
    Result<runtime::migrator_server::StatusResult> status(runtime::Request& request);
    Result<runtime::migrator_server::CountersResult> counters(runtime::Request& request);

private:
    bool work();
    bool advance(std::span<store::Completion const> done);
    void set_alarm(std::uint64_t now);
    std::uint64_t now() const;

    Authority authority_;
    BootWords words_;
    Inbox inbox_;
    QueuedDevice device_;
    checkpoint::Engine engine_;
    Status status_;
    Pacing pacing_;
    FetchService fetch_;
    Stabilise stabilise_;
    std::uint64_t alarm_ = Pacing::never; // the one that is set
    std::uint64_t hurry_at_ = 0;
    MigrationBudget budget_{0, 0};          // as the store has it, once it is open
    abi::Error failure_ = abi::Error::busy; // of the restore; none: it succeeded
};

} // namespace migrator
