// SPDX-License-Identifier: Apache-2.0
// The option tree (CLI11) and the one place where a Problem becomes text and an exit code.
#include "options.hpp"

#include "option_tree.hpp"
#include "problem.hpp"
#include "report.hpp"

#include <CLI/CLI.hpp>
#include <abi/revision.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <unistd.h>

namespace tools {
namespace {

// The options of all verbs, and which verb was chosen.
struct CommandLine {
    CommonOptions common;
    FormatOptions format;
    InfoOptions info;
    HistoryOptions history;
    PsOptions ps;
    InspectOptions inspect;
    CatOptions cat;
    ExtractOptions extract;
    InstallOptions install;
    PinOptions pin, unpin;
    RollbackOptions rollback;
    DiffOptions diff;
    CheckOptions check;
    MachineOptions boot;
    StoreOptions checkpoint, shutdown, kill;
    std::string shell, manual;
    std::function<int()> verb;
};

class Tree {
public:
    Tree(CLI::App& app, CommandLine& line) : app_(app), line_(line) {
        app.require_subcommand(0, 1); // --man stands without one
        app.fallthrough();
        app.add_flag("--json", line.common.json, "One JSON document on standard output");
        app.add_flag("-q,--quiet", line.common.quiet, "Print only what was asked for");
        app.add_option("--units", line.common.units, "Sizes: auto, iec or bytes")
            ->transform(CLI::CheckedTransformer(std::map<std::string, Units>{{"auto", Units::automatic},
                                                                             {"iec", Units::iec},
                                                                             {"bytes", Units::bytes}})
                            .description(""))
            ->type_name("auto|iec|bytes");
        app.add_option("--man", line.manual, "Print a manual page in scdoc's language: a verb, stele or list")
            ->type_name("PAGE");
        add_format();
        add_readers();
        add_copiers();
        add_writers();
        add_travel();
        add_machine();
        add_others();
    }

private:
    template <class Run>
    CLI::App* verb(std::string const& name, std::string const& text, Run run) {
        auto* command = app_.add_subcommand(name, text);
        command->callback([this, run] { line_.verb = run; });
        return command;
    }

    static void store_argument(CLI::App* command, std::string& store) {
        command
            ->add_option("STORE", store,
                         "A store; STORE@REF names a checkpoint: a generation, 'latest', -N, a time or a pin")
            ->required()
            ->envname("STELE_STORE");
    }

    void live_flag(CLI::App* command) {
        command->add_flag("--live", line_.common.live,
                          "Read the last committed checkpoint of a running machine");
    }

    void add_format() {
        auto& format = line_.format;
        auto* command = verb("format", "Create a store from a system description",
                             [this] { return command_format(line_.common, line_.format); });
        command->add_option("IMAGE", format.image, "File to create")->required();
        command->add_option("--size", format.size, "Size of the store, e.g. 256M")
            ->required()
            ->transform(CLI::AsSizeValue(false).description(""))
            ->type_name("SIZE");
        command->add_option("--system", format.system, "System description (TOML)")
            ->required()
            ->type_name(file_value);
        command->add_option("--programs", format.programs, "Folder of the programs' ELF files")
            ->type_name(folder_value);
        command->add_option("--label", format.label, "Label in place of the description's");
        command
            ->add_option("--retain", format.retain,
                         "Checkpoints that stay readable: the newest N; one each of the last TENTHS of a "
                         "second, and of the last SECONDS")
            ->type_name("N[,TENTHS,SECONDS]");
        command
            ->add_option("--migration-limit", format.migration_limit,
                         "KiB that migration may read and write a second; 0: as much as it can")
            ->type_name("KIB/S");
        command->add_option("--interval", format.interval_ms,
                            "Milliseconds between checkpoints: 0 or 5 and up");
        command
            ->add_option("--processor", format.processor,
                         "What its programs may use: baseline (any x86-64), or avx: such a store boots only "
                         "where AVX is")
            ->transform(CLI::IsMember({"baseline", "avx"}).description(""))
            ->type_name("baseline|avx");
        command->add_flag("--force", format.force, "Replace what the file holds");
        command->add_flag("-n,--dry-run", format.dry_run, "Check everything, write nothing");
    }

    void add_readers() {
        auto* info = verb("info", "Superblock, features, sizes, newest checkpoint",
                          [this] { return command_info(line_.common, line_.info); });
        store_argument(info, line_.info.store);
        info->add_flag("--super", line_.info.super, "Every field of the root slots");
        live_flag(info);

        auto* history = verb("history", "Checkpoints, newest first",
                             [this] { return command_history(line_.common, line_.history); });
        store_argument(history, line_.history.store);
        history->add_option("-n", line_.history.count, "At most this many");
        history->add_flag("--pinned", line_.history.pinned, "Only those that are pinned");
        history->add_option("--since", line_.history.since, "Only from this time on: 2026-11-23T17:05[:29]")
            ->type_name("TIME");
        live_flag(history);

        auto* ps =
            verb("ps", "Processes of a checkpoint", [this] { return command_ps(line_.common, line_.ps); });
        store_argument(ps, line_.ps.store);
        ps->add_flag("--tree", line_.ps.tree, "Each below the process that holds it or keeps it");
        live_flag(ps);

        auto* inspect = verb("inspect", "One object: type, state, registers, capabilities, space",
                             [this] { return command_inspect(line_.common, line_.inspect); });
        store_argument(inspect, line_.inspect.store);
        inspect
            ->add_option("OBJECT", line_.inspect.object, "Process name, PID, frame (0x2f) or object (0x2f.3)")
            ->required();
        inspect->add_flag("--registers", line_.inspect.registers, "Registers of a process");
        inspect->add_flag("--caps", line_.inspect.capabilities,
                          "Capabilities, also those of a process's capability page");
        inspect->add_flag("--space", line_.inspect.space, "Address space of a process");
        inspect->add_flag("--hex", line_.inspect.hex, "Content of the frame");
        live_flag(inspect);

        auto* diff = verb("diff", "What differs between two checkpoints of a store",
                          [this] { return command_diff(line_.common, line_.diff); });
        diff->add_option("A", line_.diff.before, "A store, as STORE or STORE@REF: what was")
            ->required()
            ->type_name(file_value);
        diff->add_option("B", line_.diff.after, "The same store or a copy of it, STORE or STORE@REF: what is")
            ->required()
            ->type_name(file_value);
        diff->add_option("C", line_.diff.later,
                         "Given this, A is the store, and B and C name its checkpoints");
        diff->add_flag("--detail", line_.diff.detail, "Also each frame and the address of each page");
        live_flag(diff);

        auto* check = verb("check", "Verify everything reachable",
                           [this] { return command_check(line_.common, line_.check); });
        store_argument(check, line_.check.store);
        check
            ->add_option("--jobs", line_.check.jobs,
                         "Threads that read and hash, one a processor without this; 1: block by block")
            ->check(CLI::Range(1, 64));
        live_flag(check);
    }

    void add_copiers() {
        auto* cat = verb("cat", "Bytes of a frame or object, or of a process's memory, on standard output",
                         [this] { return command_cat(line_.common, line_.cat); });
        store_argument(cat, line_.cat.store);
        cat->add_option("OBJECT", line_.cat.object, "Process name, PID, frame (0x2f) or object (0x2f.3)")
            ->required();
        cat->add_option("--range", line_.cat.range,
                        "Of a process: its addresses FIRST:END or FIRST+LENGTH; of others: bytes")
            ->type_name("RANGE");
        cat->add_flag("--force", line_.cat.force, "Even onto a terminal");
        live_flag(cat);

        auto* extract = verb("extract", "Memory and registers of a process as a sparse ELF core file",
                             [this] { return command_extract(line_.common, line_.extract); });
        store_argument(extract, line_.extract.store);
        extract->add_option("PROCESS", line_.extract.object, "Its name, or its PID")->required();
        extract->add_option("-o,--output", line_.extract.output, "File to make")
            ->required()
            ->type_name(file_value);
        extract->add_flag("--force", line_.extract.force, "Replace the file");
        live_flag(extract);
    }

    void add_writers() {
        auto* install = verb("install", "Replace the program of a process in a store that nobody runs",
                             [this] { return command_install(line_.common, line_.install); });
        store_argument(install, line_.install.store);
        install->add_option("PROCESS", line_.install.process, "Its name, or its PID")->required();
        install->add_option("PROGRAM", line_.install.program, "The program's ELF file")
            ->required()
            ->type_name(file_value);
        install->add_flag("--keep-data", line_.install.keep_data,
                          "Its writable pages that are there keep their content");
        install->add_option("--argument", line_.install.argument,
                            "What it is given when it starts; 0 without");
        install->add_flag("-n,--dry-run", line_.install.dry_run, "Check everything, write nothing");
    }

    void add_travel() {
        auto* pin = verb("pin", "Keep a checkpoint under a name",
                         [this] { return command_pin(line_.common, line_.pin); });
        store_argument(pin, line_.pin.store);
        pin->add_option("NAME", line_.pin.name, "1 to 31 ASCII characters, no blank")->required();

        auto* unpin = verb("unpin", "Let a pin go; its checkpoint stays as long as its age gives it",
                           [this] { return command_unpin(line_.common, line_.unpin); });
        store_argument(unpin, line_.unpin.store);
        unpin->add_option("NAME", line_.unpin.name, "The pin's name")->required();

        auto* rollback = verb("rollback", "Make a new checkpoint with the content of an older one",
                              [this] { return command_rollback(line_.common, line_.rollback); });
        store_argument(rollback, line_.rollback.store);
        rollback->add_option("REF", line_.rollback.reference, "A generation, -N, a time or a pin")
            ->required();
    }

    void add_machine() {
        auto& boot = line_.boot;
        auto* command = verb("boot", "Start a machine on a store",
                             [this] { return command_boot(line_.common, line_.boot); });
        store_argument(command, boot.store);
        command->add_option("--memory", boot.memory_mib, "Memory in MiB")->check(CLI::Range(32, 4096));
        command
            ->add_option("--processor", boot.processor,
                         "QEMU's model of the processor; max without this: all that it can do")
            ->type_name("MODEL");
        command->add_option("--interval", boot.interval_ms,
                            "Milliseconds between checkpoints: 0 or 5 and up");
        // One instruction may need six pages, a unit each: dropped sooner, they are never there together.
        command
            ->add_option("--amnesia", boot.amnesia,
                         "Drop every cache of the kernel each N units, 8 and up (debug)")
            ->check(CLI::Range(8, 1 << 30));
        command->add_option("--append", boot.words, "Further words of the kernel's command line");
        command->add_option("--kill-after", boot.kill_after_ms, "Pull the plug after this many milliseconds");
        command->add_flag("--hold", boot.hold, "Restore, and run no persistent process");
        command->add_flag("--previous", boot.previous, "Go on from the checkpoint before the newest");
        command
            ->add_option("--at", boot.at,
                         "Go on from this checkpoint, and keep nothing of it: the store stays as it is")
            ->type_name("REF");
        command->add_option("--fork", boot.fork, "Make a new store of the checkpoint, and boot that")
            ->type_name(file_value);
        command->add_flag("--force", boot.force, "With --fork: replace the file");
        command->add_flag("--menu", boot.menu, "GRUB's menu waits for a choice");
        command->add_flag("--uefi", boot.uefi, "Start by UEFI in place of the BIOS");
        command->add_flag("--direct", boot.direct, "Without GRUB: QEMU loads the kernel")
            ->excludes("--menu", "--uefi");
        command->add_flag("--gdb", boot.gdb, "Wait for gdb on STORE.gdb");
        command->add_flag("--print", boot.print_only, "Print QEMU's command line only");

        auto* checkpoint =
            verb("checkpoint", "Ask a running machine for a checkpoint and wait until it is committed",
                 [this] { return command_checkpoint(line_.common, line_.checkpoint); });
        store_argument(checkpoint, line_.checkpoint.store);
        auto* shutdown =
            verb("shutdown", "Have a running machine commit a checkpoint, and wait until it is off",
                 [this] { return command_shutdown(line_.common, line_.shutdown); });
        store_argument(shutdown, line_.shutdown.store);
        auto* kill = verb("kill", "Pull the plug of a running machine",
                          [this] { return command_kill(line_.common, line_.kill); });
        store_argument(kill, line_.kill.store);
    }

    void add_others() {
        auto* completion = verb("completion", "Print the completion script of a shell", [this] {
            fmt::print("{}", completion_script(describe_options(app_), line_.shell));
            return 0;
        });
        completion->add_option("SHELL", line_.shell, "The shell")->required()->type_name("bash|zsh|fish");
        verb("version", "Print the versions of tool, format and ABI",
             [this] { return print_version(line_.common); });
    }

    static int print_version(CommonOptions const& common) {
        if (common.json)
            print_json({{"schema", "stele.version/1"},
                        {"formatRevision", abi::format_revision},
                        {"abiRevision", abi::abi_revision}});
        else
            fmt::print("stele format-revision {} abi-revision {}\n", abi::format_revision, abi::abi_revision);
        return 0;
    }

    CLI::App& app_;
    CommandLine& line_;
};

// --man without a verb.
int print_manual(CLI::App const& app, std::string const& page) {
    auto const tree = describe_options(app);
    if (page == "list")
        for (auto const& name : manual_page_names(tree)) fmt::print("{}\n", name);
    else fmt::print("{}", manual_page(tree, page));
    return 0;
}

std::size_t edit_distance(std::string const& a, std::string const& b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto const cost = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, cost});
        }
    }
    return row.back();
}

// CLI11 says of an unknown verb only that one is required.
Problem usage_problem(CLI::App const& app, CLI::ParseError const& error, int argc, char** argv) {
    std::string first = argc > 1 ? argv[1] : "";
    if (app.get_subcommands().empty() && !first.empty() && first.front() != '-') {
        std::string nearest;
        for (auto const* command : app.get_subcommands({}))
            if (nearest.empty() || edit_distance(first, command->get_name()) < edit_distance(first, nearest))
                nearest = command->get_name();
        return {ExitCode::usage, "usage", "there is no verb '" + first + "'",
                edit_distance(first, nearest) <= 3 ? "did you mean '" + nearest + "'? See stele --help"
                                                   : "see stele --help"};
    }
    return {ExitCode::usage, "usage", error.what(), "see stele --help"};
}

std::string exit_codes() {
    std::string text = "Exit codes:";
    for (auto const& row : exit_rows)
        text += fmt::format("\n  {:<2}  {}", static_cast<int>(row.code), row.text);
    return text;
}

int report_problem(Problem const& problem, bool json) {
    if (json) print_json_error(problem);
    std::fprintf(stderr, "stele: error[%s]: %s\n", problem.word().c_str(), problem.what());
    if (!problem.remedy().empty()) std::fprintf(stderr, "  %s\n", problem.remedy().c_str());
    return static_cast<int>(problem.code());
}

} // namespace

int run_command_line(int argc, char** argv) {
    CLI::App app("Creates, boots, inspects and checks Stele stores", "stele");
    app.footer(exit_codes());
    CommandLine line;
    Tree const tree(app, line);
    try {
        app.parse(argc, argv);
    } catch (CLI::CallForHelp const& help) {
        return app.exit(help);
    } catch (CLI::ParseError const& error) {
        return report_problem(usage_problem(app, error, argc, argv), line.common.json);
    }
    try {
        if (!line.verb && line.manual.empty())
            throw Problem(ExitCode::usage, "usage", "a verb is missing", "see stele --help");
        // A machine's Ctrl-C is its own, and format must not be left halfway.
        if (!app.got_subcommand("boot") && !app.got_subcommand("format"))
            std::signal(SIGINT, [](int) { ::_exit(static_cast<int>(ExitCode::cancelled)); });
        auto const status = line.verb ? line.verb() : print_manual(app, line.manual);
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
            throw Problem(ExitCode::failed, "io", "standard output cannot be written",
                          "free some space, or write elsewhere");
        return status;
    } catch (Problem const& problem) {
        return report_problem(problem, line.common.json);
    }
}

} // namespace tools
