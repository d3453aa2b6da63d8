// SPDX-License-Identifier: Apache-2.0
// Manual pages in scdoc's language: stele(1), and one page a verb.
#include "option_tree.hpp"
#include "problem.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace tools {
namespace {

std::string escaped(std::string const& text) {
    std::string out;
    for (char const c : text) {
        if (c == '_' || c == '*' || c == '\\' || c == '#' || c == '[' || c == '|') out += '\\';
        out += c;
    }
    return out;
}

std::string first_small(std::string text) {
    // "CAPS" stays, "Create" becomes "create".
    if (text.size() > 1 && (text[1] < 'A' || text[1] > 'Z') && text[0] >= 'A' && text[0] <= 'Z')
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

std::string option_entry(OptionNode const& option) {
    std::string names;
    for (auto const& name : option.names)
        names += (names.empty() ? "" : ", ") +
                 (option.is_argument ? "_" + escaped(name) + "_" : "*" + escaped(name) + "*");
    if (!option.is_argument && !option.value.empty()) names += " _" + escaped(option.value) + "_";
    auto text = escaped(option.text);
    if (!option.variable.empty())
        text += fmt::format("; if absent, *{}* of the environment", escaped(option.variable));
    return names + "\n\t" + text + "\n\n";
}

std::string options_section(std::string const& title, std::vector<OptionNode> const& options) {
    std::string out;
    for (auto const& option : options) out += option_entry(option);
    return out.empty() ? out : "# " + title + "\n\n" + out;
}

std::string exit_section() {
    std::string out = "# EXIT STATUS\n\n";
    for (auto const& row : exit_rows)
        out += fmt::format("*{}*\n\t{}\n\n", static_cast<int>(row.code), row.text);
    return out +
           "The cause is a word on standard error, *stele: error[word]:*, with its remedy on the next line; "
           "with *--json* it is a document of schema stele.error/1 on standard output.\n\n";
}

std::string main_page(OptionTree const& tree) {
    std::string out = "stele(1)\n\n# NAME\n\nstele - creates, boots, inspects and checks Stele stores\n\n"
                      "# SYNOPSIS\n\n*stele* _VERB_ [options]\n\n# VERBS\n\n";
    for (auto const& verb : tree.verbs)
        out += fmt::format("*{}*\n\t{}: *stele-{}*(1)\n\n", verb.name, escaped(verb.text), verb.name);
    return out + options_section("OPTIONS OF ALL VERBS", tree.common) + exit_section();
}

std::string verb_page(OptionTree const& tree, VerbNode const& verb) {
    std::string synopsis = "*stele " + verb.name + "*";
    for (auto const& option : verb.options)
        if (option.is_argument)
            synopsis +=
                option.required ? " _" + option.names.front() + "_" : " [_" + option.names.front() + "_]";
    for (auto const& option : verb.options)
        if (!option.is_argument && option.required)
            synopsis += " *" + option.names.back() + "* _" + escaped(option.value) + "_";
    return fmt::format("stele-{}(1)\n\n# NAME\n\nstele-{} - {}\n\n# SYNOPSIS\n\n{} [options]\n\n", verb.name,
                       verb.name, escaped(first_small(verb.text)), synopsis) +
           manual_description(verb.name) + options_section("OPTIONS", verb.options) +
           options_section("OPTIONS OF ALL VERBS", tree.common) + exit_section() +
           "# SEE ALSO\n\n*stele*(1)\n";
}

} // namespace

std::vector<std::string> manual_page_names(OptionTree const& tree) {
    std::vector<std::string> names = {"stele"};
    for (auto const& verb : tree.verbs) names.push_back(verb.name);
    return names;
}

std::string manual_page(OptionTree const& tree, std::string const& name) {
    if (name == "stele") return main_page(tree);
    auto const verb = std::find_if(tree.verbs.begin(), tree.verbs.end(),
                                   [&](auto const& candidate) { return candidate.name == name; });
    if (verb == tree.verbs.end())
        throw Problem(ExitCode::usage, "usage", "there is no manual page '" + name + "'",
                      "pages: those that 'stele --man list' names");
    return verb_page(tree, *verb);
}

} // namespace tools
