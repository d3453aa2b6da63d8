// SPDX-License-Identifier: Apache-2.0
// history: the checkpoints of a store, newest first.
#include "checkpoint_reference.hpp"
#include "options.hpp"
#include "report.hpp"
#include "store_file.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace tools {
namespace {

using Document = nlohmann::ordered_json;

// "pin before-upgrade", "back to 40", or nothing.
std::string note_of(checkpoint::CheckpointInfo const& info) {
    std::string note;
    if (info.pinned) note = "pin " + printable(std::string(info.pin_name()));
    if (info.restores.raw() == 0) return note;
    return note + fmt::format("{}back to {}", note.empty() ? "" : ", ", info.restores.counter());
}

} // namespace

int command_history(CommonOptions const& common, HistoryOptions const& options) {
    StoreView view(options.store, common.live);
    auto all = view.history();
    if (options.pinned) std::erase_if(all, [](auto const& info) { return !info.pinned; });
    if (!options.since.empty()) {
        auto const since = parse_time(options.since);
        if (!since)
            throw Problem(ExitCode::usage, "usage", "'" + options.since + "' is no time",
                          "write it as 2026-11-23T17:05 or 2026-11-23T17:05:29");
        std::erase_if(all, [&](auto const& info) { return info.record.time_ns < *since; });
    }
    if (options.count != 0 && all.size() > options.count) all.resize(options.count);
    if (common.json) {
        nlohmann::ordered_json list = nlohmann::ordered_json::array();
        for (auto const& info : all) {
            auto const& record = info.record;
            list.push_back(
                {{"generation", info.generation.counter()},
                 {"boot", info.generation.boot()},
                 {"identity", fmt::format("{:016x}{:016x}", record.hash.high, record.hash.low)},
                 {"timeNs", record.time_ns},
                 {"stopNs", record.stop_ns},
                 {"frames", record.frames},
                 {"bytesWritten", record.bytes_written},
                 {"processes", record.processes},
                 {"pin", info.pinned ? Document(printable(std::string(info.pin_name()))) : Document()},
                 {"restores", info.restores.raw() != 0 ? Document(info.restores.counter()) : Document()}});
        }
        print_json({{"schema", "stele.history/1"}, {"checkpoints", list}});
        return 0;
    }
    // The column of notes is there when there is one.
    bool const has_notes = std::ranges::any_of(all, [](auto const& info) { return !note_of(info).empty(); });
    std::vector<std::string> headings = {"GEN", "BOOT", "<COMMITTED", "STOP", "FRAMES", "WRITTEN", "PROCS"};
    if (has_notes) headings.push_back("<NOTE");
    Table table(headings);
    for (auto const& info : all) {
        auto const& record = info.record;
        std::vector<std::string> cells = {std::to_string(info.generation.counter()),
                                          std::to_string(info.generation.boot()),
                                          format_time(record.time_ns),
                                          fmt::format("{} us", record.stop_ns / 1000),
                                          std::to_string(record.frames),
                                          format_size(record.bytes_written, common.units),
                                          std::to_string(record.processes)};
        if (has_notes) cells.push_back(note_of(info));
        table.row(std::move(cells));
    }
    table.print();
    return 0;
}

} // namespace tools
