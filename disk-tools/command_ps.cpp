// SPDX-License-Identifier: Apache-2.0
// ps: the processes of a checkpoint, as a list or as a tree of who holds whom.
#include "objects.hpp"
#include "options.hpp"
#include "process_tree.hpp"
#include "report.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace tools {
namespace {

using Document = nlohmann::ordered_json;

Document document_of(ProcessInfo const& process) {
    return {{"pid", process.frame.number()},
            {"name", process.name},
            {"frame", format_hex(process.frame.number())},
            {"state", state_name(process.state)},
            {"stateText", process.state_text},
            {"live", process.live},
            {"spaceBytes", process.space_pages * abi::frame_size},
            {"capabilities", process.capabilities}};
}

Document document_of(TreeRow const& row) {
    auto document = document_of(row.process);
    document["depth"] = row.depth;
    document["parent"] = row.parent ? Document(row.parent->number()) : Document();
    document["holders"] = Document::array();
    for (auto const& holder : row.holders)
        document["holders"].push_back(
            {{"pid", holder.frame.number()}, {"name", holder.name}, {"as", holder.as}});
    return document;
}

std::vector<std::string> cells_of(ProcessInfo const& process, std::string const& branch, Units units) {
    return {std::to_string(process.frame.number()), branch + process.name, process.state_text,
            format_size(process.space_pages * abi::frame_size, units), std::to_string(process.capabilities)};
}

std::string holders_text(TreeRow const& row) {
    std::string text;
    for (auto const& holder : row.holders)
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", holder.name, holder.as);
    return text.empty() ? "-" : text;
}

void print_document(StoreView const& view, Document const& processes) {
    print_json(
        {{"schema", "stele.ps/1"}, {"generation", view.at().generation.counter()}, {"processes", processes}});
}

int print_tree(CommonOptions const& common, StoreView const& view, std::vector<TreeRow> const& rows) {
    Document list = Document::array();
    Table table({"PID", "<NAME", "<STATE", "SPACE", "CAPS", "<HELD BY"});
    for (auto const& row : rows) {
        list.push_back(document_of(row));
        std::string branch;
        for (unsigned depth = 1; depth < row.depth; ++depth) branch += "|  ";
        auto cells = cells_of(row.process, row.depth == 0 ? "" : branch + "|- ", common.units);
        cells.push_back(holders_text(row));
        table.row(std::move(cells));
    }
    if (common.json) print_document(view, list);
    else table.print();
    return 0;
}

} // namespace

int command_ps(CommonOptions const& common, PsOptions const& options) {
    StoreView view(options.store, common.live);
    Objects objects(view);
    if (options.tree) return print_tree(common, view, process_tree(objects));
    Document list = Document::array();
    Table table({"PID", "<NAME", "<STATE", "SPACE", "CAPS"});
    for (auto const& process : objects.processes()) {
        list.push_back(document_of(process));
        table.row(cells_of(process, "", common.units));
    }
    if (common.json) print_document(view, list);
    else table.print();
    return 0;
}

} // namespace tools
