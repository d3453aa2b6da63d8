// SPDX-License-Identifier: Apache-2.0
// TOML in, SystemDescription out; unknown keys are refused, so that a misspelt one cannot pass unseen.
#include "system_description.hpp"

#include "problem.hpp"

#define TOML_EXCEPTIONS 0
// A header like [%] breaks one of its assertions, and is a syntax error without it.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include <abi/capability.hpp>
#include <abi/objects/schedule.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <string_view>

namespace tools {
namespace {

constexpr std::uint64_t range_frames_max = std::uint64_t{1} << 28; // 1 TiB

[[noreturn]] void refuse_at(Place const& at, std::string const& text, std::string const& remedy) {
    throw Problem(ExitCode::usage, "usage", at.text + ": " + text, remedy);
}

// One file.
class Reader {
public:
    explicit Reader(std::filesystem::path const& file) : file_(file.string()) {}

    // The files that it includes: their names are relative to its own folder.
    std::vector<std::filesystem::path> includes(toml::table const& root) const {
        std::vector<std::filesystem::path> files;
        auto const node = root["include"];
        if (!node) return files;
        auto const* list = node.as_array();
        if (list == nullptr)
            refuse(*node.node(), "'include' is not a list", "write include = [\"FILE.toml\"]");
        for (auto const& item : *list) {
            auto const name = item.value_exact<std::string>();
            if (!name) refuse(item, "an item of 'include' is not a string", "put it in quotation marks");
            auto file = std::filesystem::path(file_).parent_path() / *name;
            if (!std::filesystem::is_regular_file(file))
                refuse(item, fmt::format("there is no file {}", file.string()),
                       "names are relative to the folder of this file");
            files.push_back(std::move(file));
        }
        return files;
    }

    // What all files have is added; what a system has once is the outermost's.
    void read_into(SystemDescription& system, toml::table const& root, bool outermost) const {
        only(root, {"include", "label", "checkpoint", "page", "endpoint", "range", "heap", "process"});
        auto label = text(root, "label", "");
        if (outermost) system.label = std::move(label);
        if (auto const* checkpoint = outermost ? root["checkpoint"].as_table() : nullptr) {
            only(*checkpoint, {"interval_ms", "retain"});
            system.interval_ms =
                static_cast<std::uint32_t>(number(*checkpoint, "interval_ms", 20, 0, 3'600'000));
            if (system.interval_ms != 0 && system.interval_ms < 5)
                refuse(*checkpoint, "interval_ms is below 5",
                       "use 5 or more, or 0 for checkpoints on request only");
            system.retain = static_cast<std::uint32_t>(number(*checkpoint, "retain", 16, 2, 1024));
        }
        each(root, "page", [&](toml::table const& page) { system.pages.push_back(read_page(page)); });
        each(root, "endpoint",
             [&](toml::table const& end) { system.endpoints.push_back(read_endpoint(end)); });
        each(root, "range", [&](toml::table const& range) { system.ranges.push_back(read_range(range)); });
        each(root, "heap", [&](toml::table const& heap) { system.heaps.push_back(read_heap(heap)); });
        each(root, "process",
             [&](toml::table const& process) { system.processes.push_back(read_process(process)); });
    }

private:
    Place place(toml::node const& node) const {
        auto const& begin = node.source().begin;
        return {fmt::format("{}:{}:{}", file_, begin.line, begin.column)};
    }

    [[noreturn]] void refuse(toml::node const& node, std::string const& text,
                             std::string const& remedy) const {
        refuse_at(place(node), text, remedy);
    }

    void only(toml::table const& table, std::initializer_list<std::string_view> keys) const {
        for (auto const& [key, node] : table) {
            if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
            std::string known;
            for (auto const& name : keys) known += (known.empty() ? "" : ", ") + std::string(name);
            refuse(node, fmt::format("unknown key '{}'", key.str()), "known here: " + known);
        }
    }

    std::string text(toml::table const& table, std::string_view key,
                     std::optional<std::string> fallback) const {
        auto const node = table[key];
        if (!node) {
            if (fallback) return *fallback;
            refuse(table, fmt::format("'{}' is missing", key), fmt::format("add {} = \"...\"", key));
        }
        if (auto const value = node.value_exact<std::string>()) return *value;
        refuse(*node.node(), fmt::format("'{}' is not a string", key), "put it in quotation marks");
    }

    std::uint64_t number(toml::table const& table, std::string_view key,
                         std::optional<std::uint64_t> fallback, std::uint64_t low, std::uint64_t high) const {
        auto const node = table[key];
        if (!node) {
            if (fallback) return *fallback;
            refuse(table, fmt::format("'{}' is missing", key), fmt::format("add {} = NUMBER", key));
        }
        auto const value = node.value_exact<std::int64_t>();
        if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < low ||
            static_cast<std::uint64_t>(*value) > high)
            refuse(*node.node(), fmt::format("'{}' is not a number from {} to {}", key, low, high),
                   "change it");
        return static_cast<std::uint64_t>(*value);
    }

    template <class Body>
    void each(toml::table const& table, std::string_view key, Body body) const {
        auto const node = table[key];
        if (!node) return;
        auto const* array = node.as_array();
        if (array == nullptr)
            refuse(*node.node(), fmt::format("'{}' is not a list", key), "write a list of tables");
        for (auto const& item : *array) {
            auto const* entry = item.as_table();
            if (entry == nullptr)
                refuse(item, fmt::format("an item of '{}' is not a table", key), "write { ... }");
            body(*entry);
        }
    }

    PageDescription read_page(toml::table const& table) const {
        only(table, {"name"});
        return {text(table, "name", {}), place(table)};
    }

    EndpointDescription read_endpoint(toml::table const& table) const {
        only(table, {"name", "receiver", "value"});
        return {text(table, "name", {}), text(table, "receiver", ""),
                number(table, "value", 0, 0, static_cast<std::uint64_t>(INT64_MAX)), place(table)};
    }

    RangeDescription read_range(toml::table const& table) const {
        only(table, {"name", "frames"});
        return {text(table, "name", {}),
                static_cast<std::uint32_t>(number(table, "frames", {}, 1, range_frames_max)), place(table)};
    }

    HeapDescription read_heap(toml::table const& table) const {
        only(table, {"name", "type"});
        HeapDescription heap{.name = text(table, "name", {}), .place = place(table)};
        auto const type = text(table, "type", {});
        for (std::uint8_t i = 0; i < abi::frame_type_count; ++i) {
            auto const candidate = static_cast<abi::FrameType>(i);
            if (abi::is_heap_frame(candidate) && abi::frame_type_names[i] == type)
                heap.object_type = candidate;
        }
        if (heap.object_type == abi::FrameType::free)
            refuse(table, fmt::format("a heap cannot hold objects of type '{}'", type),
                   "use patt, process, endpoint, schedule or heap");
        return heap;
    }

    MappingDescription read_mapping(toml::table const& table) const {
        only(table, {"page", "pages", "address", "access"});
        MappingDescription mapping{.page = text(table, "page", ""), .place = place(table)};
        mapping.pages = number(table, "pages", 1, 1, 1 << 20);
        mapping.address = number(table, "address", {}, 0x1000, (std::uint64_t{1} << 47) - abi::frame_size);
        auto const access = text(table, "access", "read");
        if (access != "read" && access != "write")
            refuse(table, "access is neither \"read\" nor \"write\"", "choose one");
        mapping.writable = access == "write";
        if (mapping.address % abi::frame_size != 0)
            refuse(table, "address is not a multiple of 4096", "align it");
        if (!mapping.page.empty() && mapping.pages != 1)
            refuse(table, "a named page is one page", "drop 'pages'");
        return mapping;
    }

    CapabilityDescription read_capability(toml::table const& table) const {
        only(table, {"slot", "type", "target", "rights", "payload", "number"});
        CapabilityDescription capability{.target = text(table, "target", ""), .place = place(table)};
        capability.slot = number(table, "slot", {}, 1, abi::capabilities_per_page - 1);
        capability.payload = static_cast<std::uint32_t>(number(table, "payload", 0, 0, UINT32_MAX));
        capability.number = number(table, "number", 0, 0, abi::ObjectId::mask);
        capability.type = type_named(table, text(table, "type", {}));
        if (auto const* rights = table["rights"].as_array())
            for (auto const& right : *rights) capability.rights |= right_named(right);
        else if (table["rights"]) refuse(table, "'rights' is not a list", "write rights = [\"send\"]");
        if (!abi::row_of(capability.type).allowed.has(capability.rights))
            refuse(table, "a right does not belong to this type",
                   "see docs/abi.md for the rights of each type");
        return capability;
    }

    // The types that a description may hand out: those whose authority outlives a boot.
    abi::CapabilityType type_named(toml::table const& table, std::string_view name) const {
        for (auto const& row : abi::capability_types)
            if (row.name == name && !row.of_one_boot && row.type != abi::CapabilityType::null &&
                row.type != abi::CapabilityType::restart)
                return row.type;
        refuse(table, fmt::format("'{}' is not a type that a description can hand out", name),
               "use number, data_page, capability_page, patt, process, endpoint, entry, heap, frame_range, "
               "schedule, clock, discrim, log, checkpoint or system_control");
    }

    abi::Rights right_named(toml::node const& node) const {
        auto const name = node.value_exact<std::string>().value_or("");
        if (name == "read_only") return abi::Right::read_only;
        if (name == "weak") return abi::Right::weak;
        if (name == "no_execute") return abi::Right::no_execute;
        if (name == "opaque") return abi::Right::opaque;
        if (name == "no_call") return abi::Right::no_call;
        if (name == "send") return abi::Right::send;
        if (name == "receive") return abi::Right::receive;
        if (name == "manage") return abi::Right::manage;
        refuse(node, fmt::format("unknown right '{}'", name),
               "known: read_only, weak, no_execute, opaque, no_call, send, receive, manage");
    }

    ProcessDescription read_process(toml::table const& table) const {
        only(table, {"name", "program", "keeper", "priority", "stack_pages", "argument", "stopped", "map",
                     "capabilities"});
        ProcessDescription process{.name = text(table, "name", {}),
                                   .program = text(table, "program", {}),
                                   .keeper = text(table, "keeper", ""),
                                   .place = place(table)};
        if (process.name.empty() || process.name.size() > 31)
            refuse(table, "a name has 1 to 31 bytes", "change it");
        // Residents run at 24 and above, so that the store is always served.
        process.priority = static_cast<std::uint32_t>(number(table, "priority", 8, 0, 23));
        process.stack_pages = static_cast<std::uint32_t>(number(table, "stack_pages", 4, 1, 1024));
        process.argument = number(table, "argument", 0, 0, static_cast<std::uint64_t>(INT64_MAX));
        process.stopped = table["stopped"].value_or(false);
        each(table, "map",
             [&](toml::table const& mapping) { process.mappings.push_back(read_mapping(mapping)); });
        each(table, "capabilities", [&](toml::table const& capability) {
            process.capabilities.push_back(read_capability(capability));
        });
        std::set<std::uint64_t> slots;
        for (auto const& capability : process.capabilities)
            if (!slots.insert(capability.slot).second)
                refuse_at(capability.place, fmt::format("slot {} is filled twice", capability.slot),
                          "use another slot");
        return process;
    }

    std::string file_;
};

template <class Named>
std::set<std::string> unique_names(std::vector<Named> const& items, std::string_view kind) {
    std::set<std::string> names;
    for (auto const& item : items) {
        if (names.insert(item.name).second) continue;
        auto const first = std::find_if(items.begin(), items.end(),
                                        [&](Named const& other) { return other.name == item.name; });
        refuse_at(item.place, fmt::format("two of kind {} are named '{}'", kind, item.name),
                  "rename one; the other stands at " + first->place.text);
    }
    return names;
}

void check_names(SystemDescription const& system) {
    using enum abi::CapabilityType;
    auto const processes = unique_names(system.processes, "process");
    auto const pages = unique_names(system.pages, "page");
    auto endpoints = unique_names(system.endpoints, "endpoint");
    auto const ranges = unique_names(system.ranges, "range");
    auto const heaps = unique_names(system.heaps, "heap");
    endpoints.insert("console");
    auto const want = [](std::set<std::string> const& names, std::string const& name, Place const& at) {
        if (!names.contains(name))
            refuse_at(at, fmt::format("nothing here is named '{}'", name), "name it, or fix the name");
    };
    for (auto const& endpoint : system.endpoints)
        if (!endpoint.receiver.empty()) want(processes, endpoint.receiver, endpoint.place);
    for (auto const& process : system.processes) {
        if (!process.keeper.empty()) want(endpoints, process.keeper, process.place);
        for (auto const& mapping : process.mappings)
            if (!mapping.page.empty()) want(pages, mapping.page, mapping.place);
        for (auto const& [slot, type, target, rights, payload, number, at] : process.capabilities) {
            if (type == data_page) want(pages, target, at);
            else if (type == endpoint || type == entry) want(endpoints, target, at);
            else if (type == frame_range) want(ranges, target, at);
            else if (type == heap) want(heaps, target, at);
            else if (abi::names_object(type)) want(processes, target, at);
            else if (!target.empty())
                refuse_at(at, "a capability of this type has no target", "drop 'target'");
        }
    }
}

toml::table parse(std::filesystem::path const& file) {
    auto parsed = toml::parse_file(file.string());
    if (parsed) return std::move(parsed).table();
    auto const& error = parsed.error();
    auto const& begin = error.source().begin;
    throw Problem(ExitCode::usage, "usage",
                  fmt::format("{}:{}:{}: {}", file.string(), begin.line, begin.column, error.description()),
                  "a description is a TOML file; images/demo.toml is an example");
}

// A description behind those that it includes, each file once, however many include it.
class Collection {
public:
    void add(std::filesystem::path const& file, bool outermost) {
        if (!seen_.insert(std::filesystem::weakly_canonical(file)).second) return;
        auto const root = parse(file);
        Reader const reader(file);
        for (auto const& included : reader.includes(root)) add(included, false);
        reader.read_into(system_, root, outermost);
    }
    SystemDescription take() {
        check_names(system_);
        return std::move(system_);
    }

private:
    SystemDescription system_;
    std::set<std::filesystem::path> seen_;
};

} // namespace

SystemDescription read_system_description(std::filesystem::path const& file) {
    Collection collection;
    collection.add(file, true);
    return collection.take();
}

} // namespace tools
