// SPDX-License-Identifier: Apache-2.0
// What the command line can say: one structure a verb, filled by options.cpp, read by command_<verb>.cpp.
#pragma once

#include "machine.hpp"

#include <cstdint>
#include <string>

namespace tools {

enum class Units { automatic, iec, bytes };

struct CommonOptions {
    bool json = false;
    bool quiet = false;
    Units units = Units::automatic;
    bool live = false; // read the committed past of a running machine's store
};

struct FormatOptions {
    std::string image, system, label, programs;
    std::uint64_t size = 0;
    std::string retain;                // N[,TENTHS,SECONDS]; empty: as the description says
    std::uint32_t migration_limit = 0; // KiB a second; 0: none
    std::int64_t interval_ms = -1;
    std::string processor = "baseline";
    bool force = false;
    bool dry_run = false;
};

// `store` is STORE or STORE@REF.
struct StoreOptions {
    std::string store;
};

struct InfoOptions : StoreOptions {
    bool super = false;
};

struct HistoryOptions : StoreOptions {
    std::uint64_t count = 0; // 0: all
    bool pinned = false;
    std::string since; // a time, or empty
};

struct PsOptions : StoreOptions {
    bool tree = false;
};

struct InspectOptions : StoreOptions {
    std::string object;
    bool registers = false, capabilities = false, space = false, hex = false;
};

struct CatOptions : StoreOptions {
    std::string object, range;
    bool force = false;
};

struct ExtractOptions : StoreOptions {
    std::string object, output;
    bool force = false;
};

struct InstallOptions : StoreOptions {
    std::string process, program;
    bool keep_data = false, dry_run = false;
    std::uint64_t argument = 0;
};

struct PinOptions : StoreOptions {
    std::string name;
};

struct RollbackOptions : StoreOptions {
    std::string reference;
};

// `before` and `after` are STORE or STORE@REF; or `before` is a STORE, and the other two name its
// checkpoints.
struct DiffOptions {
    std::string before, after, later;
    bool detail = false;
};

struct CheckOptions : StoreOptions {
    unsigned jobs = 0; // threads that read and hash; 0: one a processor; 1: block by block
};

// Parses and runs; the process's exit status. Every Problem ends here as one line and its remedy.
int run_command_line(int argc, char** argv);

// The verbs.
int command_format(CommonOptions const&, FormatOptions const&);
int command_info(CommonOptions const&, InfoOptions const&);
int command_history(CommonOptions const&, HistoryOptions const&);
int command_ps(CommonOptions const&, PsOptions const&);
int command_inspect(CommonOptions const&, InspectOptions const&);
int command_cat(CommonOptions const&, CatOptions const&);
int command_extract(CommonOptions const&, ExtractOptions const&);
int command_install(CommonOptions const&, InstallOptions const&);
int command_pin(CommonOptions const&, PinOptions const&);
int command_unpin(CommonOptions const&, PinOptions const&);
int command_rollback(CommonOptions const&, RollbackOptions const&);
int command_diff(CommonOptions const&, DiffOptions const&);
int command_check(CommonOptions const&, CheckOptions const&);
int command_boot(CommonOptions const&, MachineOptions const&);
int command_checkpoint(CommonOptions const&, StoreOptions const&);
int command_shutdown(CommonOptions const&, StoreOptions const&);
int command_kill(CommonOptions const&, StoreOptions const&);

} // namespace tools
