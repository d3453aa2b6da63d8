// SPDX-License-Identifier: Apache-2.0
// Runs a machine with the terminal as its serial console, and serves the control socket beside it.
#pragma once

#include "machine.hpp"

namespace tools {

// Starts QEMU and relays until it ends. On a terminal: raw mode, Ctrl-A X pulls the plug. Returns QEMU's exit
// status as `stele boot` reports it: done after an orderly off or a pulled plug, failed otherwise.
int run_machine(MachineOptions const& options);

// Asks the `stele boot` that runs this store for a checkpoint; the text of the console's answer line.
// Problem when the store is not running under `stele boot`.
std::string request_checkpoint(std::string const& store);

// Asks for a checkpoint and the end of the machine, and waits for both; the console's lines about them.
// Problem when the store is not running under `stele boot`, or the checkpoint failed: then it runs on.
std::string request_shutdown(std::string const& store);

} // namespace tools
