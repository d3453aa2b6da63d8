// SPDX-License-Identifier: Apache-2.0
// format: makes a store from a system description. Everything is checked before the first byte is written; an
// existing file is never touched without --force, and a file in use never.
#include "image_builder.hpp"
#include "new_store.hpp"
#include "options.hpp"
#include "report.hpp"
#include "store_writer.hpp"

#include <abi/revision.hpp>
#include <checkpoint/format.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <filesystem>

namespace tools {
namespace {

namespace fs = std::filesystem;

std::uint64_t count_live(FrameArena const& arena) {
    std::uint64_t count = 0;
    for (auto const& frame : arena.frames()) count += frame.live ? 1 : 0;
    return count;
}

// What stands in the way on an open device, named; or empty.
std::string existing_content(std::string const& image) {
    try {
        StoreView view(image, true);
        return fmt::format("holds a Stele store ({:08x}, checkpoint {}, {})",
                           view.store().superblock().store.low & 0xffffffff, view.at().generation.counter(),
                           format_time(view.at().record.time_ns));
    } catch (Problem const& problem) {
        return problem.word() == "not-a-store" ? "is not empty" : "holds a Stele store that does not open";
    }
}

void expect(base::Result<> result, std::string const& image) {
    if (result.failed()) throw problem_of(result.error, image);
}

void write_first_checkpoint(std::string const& image, Device& device, FrameArena const& arena) {
    StoreWriter writer(image, device);
    std::vector<checkpoint::FrameImage> frames;
    for (auto const& frame : arena.frames())
        frames.push_back({.frame = frame.id,
                          .type = frame.type,
                          .mark = FrameArena::first_version,
                          .live = frame.live,
                          .content = frame.content});
    // Of several commits only the last one completes the system, and only it has live processes.
    writer.commit(frames, {.processes = static_cast<std::uint32_t>(count_live(arena))});
    writer.finish();
}

void check_interval(std::uint32_t interval_ms) {
    if (interval_ms == 0 || interval_ms >= 5) return;
    throw Problem(ExitCode::usage, "usage", "--interval is below 5",
                  "use 5 or more, or 0 for checkpoints on request only");
}

struct Retention {
    std::uint32_t newest;
    std::uint16_t tenths = checkpoint::FormatOptions{}.retain_tenths;
    std::uint16_t seconds = checkpoint::FormatOptions{}.retain_seconds;
};

// "N" or "N,TENTHS,SECONDS".
Retention parse_retention(std::string const& text, std::uint32_t newest) {
    Retention retention{.newest = newest};
    if (text.empty()) return retention;
    std::string_view rest = text;
    auto const take = [&](auto& value, unsigned least, unsigned most) {
        auto const [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
        if (error != std::errc{} || value < least || value > most) return false;
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        return true;
    };
    auto const comma = [&] {
        if (!rest.starts_with(',')) return false;
        rest.remove_prefix(1);
        return true;
    };
    bool good = take(retention.newest, 2, 1024);
    if (good && !rest.empty())
        good = comma() && take(retention.tenths, 0, 600) && comma() && take(retention.seconds, 0, 3600);
    if (good && rest.empty()) return retention;
    throw Problem(ExitCode::usage, "usage", "'" + text + "' is no retention",
                  "write it as N or N,TENTHS,SECONDS: 2 to 1024, up to 600, up to 3600; e.g. 16,20,60");
}

} // namespace

int command_format(CommonOptions const& common, FormatOptions const& options) {
    auto system = read_system_description(options.system);
    if (!options.label.empty()) system.label = options.label;
    auto const retention = parse_retention(options.retain, system.retain);
    if (options.interval_ms >= 0) system.interval_ms = static_cast<std::uint32_t>(options.interval_ms);
    if (options.processor == "avx") system.processor_features |= abi::avx_feature;
    check_interval(system.interval_ms);
    auto const programs = options.programs.empty()
                              ? fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "user/apps"
                              : fs::path(options.programs);
    auto const arena = build_first_checkpoint(system, programs);
    if (!options.force)
        if (auto const holds = what_a_store_would_replace(options.image); !holds.empty())
            throw Problem(
                ExitCode::failed, "exists",
                options.image + " " +
                    (holds == "something else" ? existing_content(options.image) : "holds " + holds),
                "to replace it: stele format --force " + options.image + " ...");

    auto const shift = checkpoint::segment_shift_for(options.size);
    auto const segment = std::uint64_t{1} << shift;
    auto const size = options.size / segment * segment;
    auto const store_id = random_bits();
    std::uint64_t allocated = 0;
    if (!options.dry_run) {
        NewStore output(options.image, size);
        auto& device = output.device();
        EngineMemory buffer(checkpoint::Limits{});
        auto const made = checkpoint::format(device, buffer.io_bytes(),
                                             {.store = store_id,
                                              .nonce = random_bits(),
                                              .label = system.label,
                                              .created_ns = wall_clock_ns(),
                                              .abi_revision = abi::abi_revision,
                                              .segment_shift = shift,
                                              .interval_ms = system.interval_ms,
                                              .retain = retention.newest,
                                              .retain_tenths = retention.tenths,
                                              .retain_seconds = retention.seconds,
                                              .migration_kib_s = options.migration_limit,
                                              .processor_features = system.processor_features});
        if (made.error == abi::Error::bad_argument)
            throw Problem(ExitCode::usage, "usage",
                          fmt::format("a store of {} is too small, or the label is longer than 31 bytes",
                                      format_size(size, Units::automatic)),
                          "use --size 16M or more, and a short label");
        expect(made, options.image);
        write_first_checkpoint(options.image, device, arena);
        output.complete();
        allocated = output.allocated();
    }
    if (common.json) {
        print_json({{"schema", "stele.format/1"},
                    {"store", fmt::format("{:016x}{:016x}", store_id.high, store_id.low)},
                    {"sizeBytes", size},
                    {"allocatedBytes", allocated},
                    {"segments", size / segment},
                    {"processes", system.processes.size()},
                    {"frames", arena.frames().size()},
                    {"dryRun", options.dry_run}});
    } else if (!common.quiet) {
        fmt::print("{}: store {:08x}, {} ({} on disk), {} segments of {}, hash xxh64\n", options.image,
                   store_id.low & 0xffffffff, format_size(size, common.units),
                   format_size(allocated, common.units), size / segment, format_size(segment, common.units));
        fmt::print("{} processes, {} frames, {}\n", system.processes.size(), arena.frames().size(),
                   options.dry_run ? "nothing written (dry run)" : "committed");
    }
    return 0;
}

} // namespace tools
