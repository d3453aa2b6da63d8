// SPDX-License-Identifier: Apache-2.0
// System descriptions: any text is a description whose names all mean something, or a Problem that says where
// and what to do.
#include "text_file.hpp"

#include "problem.hpp"
#include "system_description.hpp"

#include <set>

namespace {

using fuzz::require;

template <class Named>
std::set<std::string> names_of(std::vector<Named> const& items) {
    std::set<std::string> names;
    for (auto const& item : items) require(names.insert(item.name).second, "no two of a kind have one name");
    return names;
}

void check(tools::SystemDescription const& system) {
    auto const processes = names_of(system.processes);
    auto const pages = names_of(system.pages);
    auto endpoints = names_of(system.endpoints);
    endpoints.insert("console");
    require(system.interval_ms == 0 || system.interval_ms >= 5, "the interval is one that a store can keep");
    for (auto const& endpoint : system.endpoints)
        require(endpoint.receiver.empty() || processes.contains(endpoint.receiver), "receivers exist");
    for (auto const& process : system.processes) {
        require(!process.name.empty() && process.name.size() < 32, "a process has a name");
        require(process.priority < 24 && process.stack_pages >= 1, "it can run beside the residents");
        require(process.keeper.empty() || endpoints.contains(process.keeper), "keepers exist");
        std::set<std::uint64_t> slots;
        for (auto const& capability : process.capabilities)
            require(capability.slot > 0 && slots.insert(capability.slot).second, "a slot is filled once");
        for (auto const& mapping : process.mappings) {
            require(mapping.address % 4096 == 0 && mapping.address > 0, "pages stand at pages");
            require(mapping.page.empty() || pages.contains(mapping.page), "named pages exist");
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static fuzz::InputFile const file;
    auto const& path = file.write(data, size);
    try {
        check(tools::read_system_description(path));
    } catch (tools::Problem const& problem) {
        require(problem.code() == tools::ExitCode::usage, "a wrong description is wrong usage");
        require(std::string_view(problem.what()).starts_with(path.string()) && !problem.remedy().empty(),
                "a problem says where it is and what to do");
    }
    return 0;
}
