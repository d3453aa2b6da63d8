// SPDX-License-Identifier: Apache-2.0
// Faults (F10): recorded in the process, told to a keeper as a message with a restart capability.
//   A memory fault is told to the keeper of the innermost PATT on the path, unless that one has declined;
//   everything else, and a declined fault, to the process's own. Without a keeper the process stays faulted.
#pragma once

#include <ipc/delivery.hpp>

namespace kernel {

struct Fault {
    abi::FaultCode code = abi::FaultCode::none;
    std::uint64_t address = 0;
};

// Words of a fault message.
enum class FaultWord : std::size_t { code = 0, address = 1, program_counter = 2, access = 3 };
inline constexpr std::size_t fault_words = 4;

void record_fault(Kernel& kernel, ProcessRef process, Fault fault, Committed const& committed);

enum class KeeperStep : std::uint8_t {
    told,   // the keeper has the message; the process waits for a restart
    mended, // the cause of a memory fault is gone; the process may run
    silent, // there is no keeper
    waits,  // the keeper is busy: `wait` says for what, `endpoint` through which it is told
};
struct KeeperOutcome {
    KeeperStep step = KeeperStep::silent;
    WaitKey wait{};
    abi::ObjectId endpoint{};
};
// Of a process in state `faulted`. absent | no_memory.
Result<KeeperOutcome> tell_keeper(Kernel& kernel, ProcessRef process, Committed const& committed);

// A restart capability for the present fault.
abi::Capability restart_capability(Kernel const& kernel, ProcessRef process);
// The fault is over (or goes to the process's own keeper): what a restart or a resume does.
void end_fault(Kernel& kernel, ProcessRef process, bool cancel_fault, Committed const& committed);

} // namespace kernel
