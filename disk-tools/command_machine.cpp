// SPDX-License-Identifier: Apache-2.0
// boot, checkpoint, shutdown, kill: the verbs about a running machine.
#include "console_relay.hpp"
#include "options.hpp"
#include "problem.hpp"
#include "report.hpp"
#include "store_file.hpp"
#include "store_fork.hpp"
#include "store_lock.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>

namespace tools {

namespace {

// The store that the machine will run on: that of the command line, refused here when it is none or in use;
// with
// --fork the one that is made now; or that of the command line read only, under a layer that is thrown away.
MachineOptions prepare(CommonOptions const& common, MachineOptions options) {
    auto reference = parse_store_reference(options.store);
    if (!options.at.empty()) {
        if (reference.checkpoint != "latest")
            throw Problem(ExitCode::usage, "usage", "two checkpoints are named",
                          "name it as STORE@REF or by --at");
        reference.checkpoint = options.at;
    }
    bool const is_older = !options.at.empty() || reference.checkpoint != "latest";
    if ((is_older || !options.fork.empty()) && options.previous)
        throw Problem(ExitCode::usage, "usage", "--previous and another checkpoint are named",
                      "name one of them");
    options.store = reference.path;
    if (!is_older && options.fork.empty()) {
        StoreFile const probe(options.store, StoreFile::Access::exclusive);
        return options;
    }
    StoreView view(reference.path + "@" + reference.checkpoint, StoreFile::Access::read);
    if (options.fork.empty()) {
        options.throw_away_at = view.at().generation;
        return options;
    }
    auto const fork = fork_store(view, options.fork, options.force);
    if (!common.quiet && !common.json)
        fmt::print("{}: store {:08x}, checkpoint {} of {}, {} frames\n", options.fork,
                   fork.store.low & 0xffffffff, view.at().generation.counter(), reference.path, fork.frames);
    std::fflush(stdout);
    options.store = options.fork;
    return options;
}

} // namespace

int command_boot(CommonOptions const& common, MachineOptions const& asked) {
    if (asked.interval_ms >= 0 && asked.interval_ms != 0 && asked.interval_ms < 5)
        throw Problem(ExitCode::usage, "usage", "--interval is below 5",
                      "use 5 or more, or 0 for checkpoints on request only");
    auto const options = prepare(common, asked);
    if (!options.print_only) return run_machine(options);
    auto const command = qemu_command(options);
    if (common.json) {
        print_json({{"schema", "stele.boot/1"}, {"command", command}});
        return 0;
    }
    std::string line;
    for (auto const& word : command) line += (line.empty() ? "" : " ") + word;
    fmt::print("{}\n", line);
    return 0;
}

int command_checkpoint(CommonOptions const& common, StoreOptions const& options) {
    auto const answer = request_checkpoint(options.store);
    if (common.json) print_json({{"schema", "stele.checkpoint/1"}, {"answer", answer}});
    else fmt::print("{}\n", answer);
    return 0;
}

int command_shutdown(CommonOptions const& common, StoreOptions const& options) {
    auto const answer = request_shutdown(options.store);
    if (common.json) print_json({{"schema", "stele.shutdown/1"}, {"answer", answer}});
    else fmt::print("{}\n", answer);
    return 0;
}

int command_kill(CommonOptions const& common, StoreOptions const& options) {
    auto const holder = find_holder(options.store);
    if (!holder || !holder->program.starts_with("qemu"))
        throw Problem(ExitCode::failed, "not-running", options.store + " is not running",
                      "start it: stele boot " + options.store);
    if (::kill(holder->pid, SIGKILL) != 0)
        throw Problem(ExitCode::failed, "io", fmt::format("process {} cannot be killed", holder->pid),
                      "are you its owner?");
    if (common.json) print_json({{"schema", "stele.kill/1"}, {"pid", holder->pid}});
    else if (!common.quiet) fmt::print("{}: the plug is pulled (pid {})\n", options.store, holder->pid);
    return 0;
}

} // namespace tools
