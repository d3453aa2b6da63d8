// SPDX-License-Identifier: Apache-2.0
// diff: what differs between two checkpoints of a store. One document serves both outputs.
#include "options.hpp"
#include "process_difference.hpp"
#include "report.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <array>

namespace tools {
namespace {

using Document = nlohmann::ordered_json;

constexpr std::array changes = {Change::changed, Change::added, Change::removed};

// Checkpoints of different stores have nothing in common but numbers.
void refuse_other_store(StoreView& before, StoreView& after) {
    auto const a = before.store().superblock().store, b = after.store().superblock().store;
    if (a.high == b.high && a.low == b.low) return;
    throw Problem(ExitCode::usage, "usage",
                  fmt::format("{} and {} are different stores: {:08x} and {:08x}", before.file().path(),
                              after.file().path(), a.low & 0xFFFFFFFF, b.low & 0xFFFFFFFF),
                  "compare checkpoints of one store, or of a store and a copy of its file");
}

Document side(StoreView& view, std::uint64_t frames) {
    return {
        {"store", view.file().path()}, {"generation", view.at().generation.counter()}, {"frames", frames}};
}

// By change and type, only what there is.
Document frame_counts(CheckpointDifference const& frames) {
    Document counts = Document::object();
    for (auto const change : changes) {
        auto& of_change = counts[std::string(change_name(change))] = Document::object();
        for (std::size_t type = 0; type < abi::frame_type_count; ++type) {
            std::uint64_t count = 0;
            for (auto const& frame : frames.frames)
                if (frame.change == change && static_cast<std::size_t>(frame.type) == type) ++count;
            if (count != 0) of_change[std::string(abi::frame_type_names[type])] = count;
        }
    }
    return counts;
}

Document frame_list(CheckpointDifference const& frames) {
    Document list = Document::array();
    for (auto const& frame : frames.frames)
        list.push_back({{"frame", format_hex(frame.frame.number())},
                        {"type", abi::frame_type_names[static_cast<std::size_t>(frame.type)]},
                        {"change", change_name(frame.change)}});
    return list;
}

Document process_counts(Document const& processes) {
    Document counts = {{"changed", 0}, {"new", 0}, {"gone", 0}};
    for (auto const& process : processes) {
        auto& count = counts[process["change"].get<std::string>()];
        count = count.get<std::uint64_t>() + 1;
    }
    return counts;
}

Document compare(StoreView& before, StoreView& after, bool detail) {
    auto const frames = compare_frames(before, after);
    auto const processes =
        frames.frames.empty() ? Document::array() : process_differences(before, after, frames, detail);
    Document out = {{"schema", "stele.diff/1"},
                    {"before", side(before, frames.before)},
                    {"after", side(after, frames.after)},
                    {"equal", frames.frames.empty()},
                    {"frames", frame_counts(frames)},
                    {"processCounts", process_counts(processes)},
                    {"processes", processes}};
    if (detail) out["frameList"] = frame_list(frames);
    return out;
}

std::string text_of(Document const& value) {
    return value.is_null() ? "none" : value.is_string() ? value.get<std::string>() : value.dump();
}

// "3 data page, 1 process", or "none".
std::string counts_text(Document const& counts) {
    std::string text;
    for (auto const& [type, count] : counts.items())
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.dump(), type);
    return text.empty() ? "none" : text;
}

char mark_of(std::string const& name) {
    for (auto const change : changes)
        if (change_name(change) == name) return change_mark(change);
    return '?';
}

void print_summary(Document const& document) {
    auto const name = [](Document const& side) {
        return fmt::format("{}@{}", side["store"].get<std::string>(), side["generation"].dump());
    };
    fmt::print("{} -> {}: ", name(document["before"]), name(document["after"]));
    if (document["equal"].get<bool>()) {
        fmt::print("no difference in {} frames\n", document["after"]["frames"].dump());
        return;
    }
    auto const& frames = document["frames"];
    auto const& processes = document["processCounts"];
    fmt::print("frames changed: {}; new: {}; gone: {}; processes changed: {}; new: {}; gone: {}\n",
               counts_text(frames["changed"]), counts_text(frames["new"]), counts_text(frames["gone"]),
               processes["changed"].dump(), processes["new"].dump(), processes["gone"].dump());
}

void print_pairs(std::string const& prefix, Document const& pairs) {
    for (auto const& [name, pair] : pairs.items())
        fmt::print("      {:<24} {} -> {}\n", prefix + name, text_of(pair["old"]), text_of(pair["new"]));
}

void print_pages(Document const& pages) {
    fmt::print("      {:<24} {} changed, {} new, {} gone\n", "pages", pages["changed"].dump(),
               pages["new"].dump(), pages["gone"].dump());
    if (!pages.contains("list")) return;
    for (auto const& page : pages["list"]) {
        auto const before = page.value("old", ""), after = page.value("new", "");
        bool const moved = !before.empty() && !after.empty() && before != after;
        fmt::print("        {} {:<18}   {}\n", mark_of(page["change"]), page["address"].get<std::string>(),
                   moved           ? before + " -> " + after
                   : after.empty() ? before
                                   : after);
    }
}

void print_process(Document const& process) {
    fmt::print("  {} process {} (PID {})\n", mark_of(process["change"]), process["name"].get<std::string>(),
               process["pid"].dump());
    auto const part = [&](char const* name, std::string const& prefix) {
        if (process.contains(name)) print_pairs(prefix, process[name]);
    };
    part("state", "");
    part("registers", "");
    if (process.contains("other"))
        for (auto const& name : process["other"])
            fmt::print("      {:<24} differs\n", name.get<std::string>());
    part("slots", "");
    part("capabilities", "capability ");
    if (process.contains("pages")) print_pages(process["pages"]);
}

} // namespace

int command_diff(CommonOptions const& common, DiffOptions const& options) {
    bool const one_store = !options.later.empty();
    StoreView before(one_store ? options.before + "@" + options.after : options.before, common.live);
    StoreView after(one_store ? options.before + "@" + options.later : options.after, common.live);
    refuse_other_store(before, after);
    auto const document = compare(before, after, options.detail);
    auto const status =
        static_cast<int>(document["equal"].get<bool>() ? ExitCode::done : ExitCode::different);
    if (common.json) return print_json(document), status;
    print_summary(document);
    if (common.quiet) return status;
    for (auto const& process : document["processes"]) print_process(process);
    if (document.contains("frameList"))
        for (auto const& frame : document["frameList"])
            fmt::print("  {} frame {:<10} {}\n", mark_of(frame["change"]), frame["frame"].get<std::string>(),
                       frame["type"].get<std::string>());
    return status;
}

} // namespace tools
