// SPDX-License-Identifier: Apache-2.0
// From CLI11's tree of options to ours. Beside options.cpp the only file that sees CLI11.
#include "option_tree.hpp"

#include <CLI/CLI.hpp>

#include <string_view>

namespace tools {
namespace {

std::vector<std::string> words_of(std::string const& value) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= value.size();) {
        auto const end = std::min(value.find('|', at), value.size());
        words.push_back(value.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

// An argument names a store, which is a file, unless its value says otherwise.
ValueKind kind_of(std::string const& value, bool is_store) {
    if (value.find('|') != value.npos) return ValueKind::word;
    if (value == folder_value) return ValueKind::folder;
    return value == file_value || is_store ? ValueKind::file : ValueKind::any;
}

OptionNode describe(CLI::Option const& option) {
    OptionNode node;
    node.text = option.get_description();
    node.variable = option.get_envname();
    node.is_argument = option.get_positional();
    node.required = option.get_required();
    if (node.is_argument) node.names.push_back(option.get_name(true));
    for (auto const& name : option.get_snames()) node.names.push_back("-" + name);
    for (auto const& name : option.get_lnames()) node.names.push_back("--" + name);
    if (option.get_items_expected_max() == 0) return node;
    // Behind a colon CLI11 says how the value is checked.
    node.value = option.get_type_name().substr(0, option.get_type_name().find_first_of(": "));
    bool const is_store =
        node.is_argument && (node.names.front() == "STORE" || node.names.front() == "IMAGE");
    node.kind = kind_of(node.value, is_store);
    if (node.kind == ValueKind::word) node.words = words_of(node.value);
    return node;
}

std::vector<OptionNode> describe_all(CLI::App const& app) {
    std::vector<OptionNode> nodes;
    for (bool const arguments : {true, false})
        for (auto const* option : app.get_options({}))
            // Help is the same everywhere: once, at the root.
            if (option->get_positional() == arguments &&
                (app.get_parent() == nullptr || option != app.get_help_ptr()))
                nodes.push_back(describe(*option));
    return nodes;
}

} // namespace

OptionTree describe_options(CLI::App const& app) {
    OptionTree tree{.common = describe_all(app), .verbs = {}};
    for (auto const* verb : app.get_subcommands({}))
        tree.verbs.push_back({verb->get_name(), verb->get_description(), describe_all(*verb)});
    return tree;
}

} // namespace tools
