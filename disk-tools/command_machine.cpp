// SPDX-License-Identifier: Apache-2.0
// boot, checkpoint, shutdown, kill: the verbs about a running machine.
#include "console_relay.hpp"
#include "options.hpp"
#include "problem.hpp"
#include "report.hpp"
#include "store_file.hpp"
#include "store_lock.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <csignal>

namespace tools {

int command_boot(CommonOptions const& common, MachineOptions const& options) {
    if (options.interval_ms >= 0 && options.interval_ms != 0 && options.interval_ms < 5)
        throw Problem(ExitCode::usage, "usage", "--interval is below 5",
                      "use 5 or more, or 0 for checkpoints on request only");
    // A file that is no store, or that is in use, is refused here, before a machine is started on it.
    { StoreFile const probe(options.store, StoreFile::Access::exclusive); }
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
