// SPDX-License-Identifier: Apache-2.0
// The QEMU machine that boots a store: its command line.
#pragma once

#include <checkpoint/generation.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tools {

struct MachineOptions {
    std::string store;
    std::uint64_t memory_mib = 256;
    std::string processor = "max"; // QEMU's name of the model
    bool direct = false;           // the kernel and resident image without GRUB
    bool uefi = false;             // UEFI starts GRUB, not the BIOS
    bool menu = false;             // GRUB waits for a choice
    bool gdb = false;              // waits for gdb on a UNIX socket beside the store
    bool hold = false;
    bool previous = false;
    std::string at, fork; // a checkpoint's name; a file
    bool force = false;   // replaces what `fork` names
    // Of `at`: the machine goes on from there, and writes to nothing that stays.
    std::optional<checkpoint::Generation> throw_away_at;
    std::int64_t interval_ms = -1; // -1: as the store says
    std::uint64_t amnesia = 0;
    std::string words; // further words of the kernel's command line
    std::uint64_t kill_after_ms = 0;
    bool print_only = false;
};

// The words of the kernel's command line.
std::string kernel_words(MachineOptions const& options);

// argv of QEMU; the serial line is on its standard input and output. Problem when a boot file is missing.
std::vector<std::string> qemu_command(MachineOptions const& options);

} // namespace tools
