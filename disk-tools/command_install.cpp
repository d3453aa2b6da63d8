// SPDX-License-Identifier: Apache-2.0
// install: another program for a process of a store that nobody runs, as a new checkpoint.
#include "options.hpp"
#include "program_install.hpp"
#include "report.hpp"
#include "store_writer.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace tools {
namespace {

struct Made {
    checkpoint::Generation generation;
    InstallResult changes;
};

Made install(InstallOptions const& options, ProgramFile const& program) {
    StoreView view(options.store, StoreFile::Access::exclusive);
    if (view.reference() != "latest")
        throw Problem(ExitCode::usage, "usage", "a program is installed in the newest checkpoint only",
                      "to go on from an older one: stele rollback, or stele boot --fork");
    Objects objects(view);
    auto const id = objects.parse(options.process);
    if (objects.frame(id.frame()).info.type != abi::FrameType::process)
        throw Problem(ExitCode::failed, "no-such-object", "'" + options.process + "' is no process",
                      "see stele ps " + options.store);
    ProgramInstall work(view, objects, id.frame());
    Made made{.generation = view.at().generation,
              .changes =
                  work.apply(program, {.keep_data = options.keep_data,
                                       .argument = options.argument,
                                       .processor_features = view.store().superblock().processor_features})};
    if (options.dry_run) {
        made.changes.images.clear();
        return made;
    }
    StoreWriter writer(view.file().path(), view.file().device());
    if (made.changes.images.size() > writer.engine().frames_at_most())
        throw Problem(ExitCode::failed, "no-room",
                      fmt::format("{} frames are more than one checkpoint takes", made.changes.images.size()),
                      "make the program smaller");
    auto const& record = view.at().record;
    bool const was_live = objects.frame(id.frame()).info.live;
    bool lives = was_live;
    for (auto const& image : made.changes.images)
        if (image.frame == id.frame()) lives = image.live;
    made.generation = writer.commit(
        made.changes.images, {.clock_base_ns = record.clock_base_ns,
                              .processes = record.processes + (lives ? 1U : 0U) - (was_live ? 1U : 0U)});
    writer.finish();
    made.changes.images.clear(); // they stand in `work`
    return made;
}

} // namespace

int command_install(CommonOptions const& common, InstallOptions const& options) {
    auto const program = read_program_file(options.program);
    auto const [generation, changes] = install(options, program);
    if (common.json) {
        print_json({{"schema", "stele.install/1"},
                    {"generation", generation.counter()},
                    {"process", options.process},
                    {"pagesReplaced", changes.pages_replaced},
                    {"pagesNew", changes.pages_new},
                    {"pagesKept", changes.pages_kept},
                    {"pagesGone", changes.pages_gone},
                    {"framesNew", changes.frames_new},
                    {"dryRun", options.dry_run}});
    } else if (!common.quiet) {
        fmt::print(
            "{}: {} starts anew at {:#x}; pages: {} replaced, {} new, {} kept, {} gone; frames: {} new\n",
            options.store, options.process, program.entry, changes.pages_replaced, changes.pages_new,
            changes.pages_kept, changes.pages_gone, changes.frames_new);
        if (options.dry_run) fmt::print("nothing written (dry run)\n");
        else fmt::print("checkpoint {} committed\n", generation.counter());
    }
    return 0;
}

} // namespace tools
