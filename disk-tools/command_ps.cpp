// SPDX-License-Identifier: Apache-2.0
// ps: the processes of a checkpoint.
#include "objects.hpp"
#include "options.hpp"
#include "report.hpp"

#include <nlohmann/json.hpp>

namespace tools {

int command_ps(CommonOptions const& common, PsOptions const& options) {
    StoreView view(options.store, common.live);
    auto const processes = Objects(view).processes();
    if (common.json) {
        nlohmann::ordered_json list = nlohmann::ordered_json::array();
        for (auto const& process : processes)
            list.push_back({{"pid", process.frame.number()},
                            {"name", process.name},
                            {"frame", format_hex(process.frame.number())},
                            {"state", abi::run_state_names[static_cast<std::size_t>(process.state)]},
                            {"stateText", process.state_text},
                            {"live", process.live},
                            {"spaceBytes", process.space_pages * abi::frame_size},
                            {"capabilities", process.capabilities}});
        print_json(
            {{"schema", "stele.ps/1"}, {"generation", view.at().generation.counter()}, {"processes", list}});
        return 0;
    }
    Table table({"PID", "<NAME", "<STATE", "SPACE", "CAPS"});
    for (auto const& process : processes)
        table.row({std::to_string(process.frame.number()), process.name, process.state_text,
                   format_size(process.space_pages * abi::frame_size, common.units),
                   std::to_string(process.capabilities)});
    table.print();
    return 0;
}

} // namespace tools
