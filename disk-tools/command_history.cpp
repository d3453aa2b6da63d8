// SPDX-License-Identifier: Apache-2.0
// history: the checkpoints of a store, newest first.
#include "options.hpp"
#include "report.hpp"
#include "store_file.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <tuple>

namespace tools {

int command_history(CommonOptions const& common, HistoryOptions const& options) {
    StoreView view(options.store, common.live);
    auto all = view.history();
    if (options.count != 0 && all.size() > options.count) all.resize(options.count);
    if (common.json) {
        nlohmann::ordered_json list = nlohmann::ordered_json::array();
        for (auto const& info : all) {
            auto const& [generation, record] = std::tie(info.generation, info.record);
            list.push_back({{"generation", generation.counter()},
                            {"boot", generation.boot()},
                            {"identity", fmt::format("{:016x}{:016x}", record.hash.high, record.hash.low)},
                            {"timeNs", record.time_ns},
                            {"stopNs", record.stop_ns},
                            {"frames", record.frames},
                            {"bytesWritten", record.bytes_written},
                            {"processes", record.processes}});
        }
        print_json({{"schema", "stele.history/1"}, {"checkpoints", list}});
        return 0;
    }
    Table table({"GEN", "BOOT", "<COMMITTED", "STOP", "FRAMES", "WRITTEN", "PROCS"});
    for (auto const& info : all) {
        auto const& [generation, record] = std::tie(info.generation, info.record);
        table.row({std::to_string(generation.counter()), std::to_string(generation.boot()),
                   format_time(record.time_ns), fmt::format("{} us", record.stop_ns / 1000),
                   std::to_string(record.frames), format_size(record.bytes_written, common.units),
                   std::to_string(record.processes)});
    }
    table.print();
    return 0;
}

} // namespace tools
