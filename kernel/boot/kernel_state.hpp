// SPDX-License-Identifier: Apache-2.0
// The kernel's one boot-time structure: a member of each area, in their order.
// Besides Processor, all mutable state.
#pragma once

#include <boot/description.hpp>

#include <cap/claims.hpp>
#include <fetch/requests.hpp>
#include <ipc/kernel_events.hpp>
#include <ipc/standing.hpp>
#include <mapping/tables.hpp>
#include <memory/epoch.hpp>
#include <object/object_table.hpp>
#include <sched/persistent_clock.hpp>
#include <sched/queues.hpp>
#include <snapshot/state.hpp>

#include <core/kernel.hpp>
#include <core/log.hpp>

namespace kernel {

struct Kernel {
    CoreState core;
    Log log;
    Memory memory;
    ObjectTable objects;
    Mappings mappings;
    Queues queues;
    PersistentClock persistent_clock;
    KernelEvents events;
    Standings standings;
    Requests requests;
    SnapshotState snapshots;
    Claims claims;
    BootDescription boot;
};

BootDescription& boot_description(Kernel& kernel);

} // namespace kernel
