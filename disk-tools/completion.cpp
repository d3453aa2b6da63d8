// SPDX-License-Identifier: Apache-2.0
// Completion scripts: a table of the option tree in each shell's own form.
#include "option_tree.hpp"
#include "problem.hpp"

#include <fmt/core.h>

namespace tools {
namespace {

std::string joined(std::vector<std::string> const& words, std::string const& between = " ") {
    std::string text;
    for (auto const& word : words) text += (text.empty() ? "" : between) + word;
    return text;
}

std::string flags_of(std::vector<OptionNode> const& options) {
    std::vector<std::string> flags;
    for (auto const& option : options)
        if (!option.is_argument) flags.insert(flags.end(), option.names.begin(), option.names.end());
    return joined(flags);
}

std::string verb_names(OptionTree const& tree, std::string const& between) {
    std::vector<std::string> names;
    for (auto const& verb : tree.verbs) names.push_back(verb.name);
    return joined(names, between);
}

// What bash's compgen offers for a value.
std::string bash_offer(OptionNode const& option) {
    switch (option.kind) {
    case ValueKind::word: return fmt::format("-W '{}'", joined(option.words));
    case ValueKind::file: return "-f";
    case ValueKind::folder: return "-d";
    case ValueKind::nothing:
    case ValueKind::any: break;
    }
    return "-W ''";
}

void bash_values(std::string& out, std::string const& verb, std::vector<OptionNode> const& options) {
    for (auto const& option : options) {
        if (option.is_argument || option.kind == ValueKind::nothing) continue;
        std::vector<std::string> patterns;
        for (auto const& name : option.names) patterns.push_back(verb + ":" + name);
        out += fmt::format("        {}) _stele_offer {}; return ;;\n", joined(patterns, "|"),
                           bash_offer(option));
    }
}

std::string bash_script(OptionTree const& tree) {
    std::string out = "# Completion of stele for bash; made by: stele completion bash\n"
                      "_stele_offer() { mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$word\"); }\n"
                      "_stele() {\n"
                      "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= i\n"
                      "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                      "        case ${COMP_WORDS[i]} in\n";
    out += fmt::format("            {}) verb=${{COMP_WORDS[i]}}; break ;;\n", verb_names(tree, "|"));
    out += "        esac\n    done\n    case $verb:$before in\n";
    bash_values(out, "*", tree.common);
    for (auto const& verb : tree.verbs) bash_values(out, verb.name, verb.options);
    out += "    esac\n    case $verb:$word in\n";
    auto const common = flags_of(tree.common);
    for (auto const& verb : tree.verbs) {
        out += fmt::format("        {}:-*) _stele_offer -W '{} {}' ;;\n", verb.name, flags_of(verb.options),
                           common);
        auto const takes = !verb.options.empty() && verb.options.front().is_argument
                               ? bash_offer(verb.options.front())
                               : "-W ''";
        out += fmt::format("        {}:*) _stele_offer {} ;;\n", verb.name, takes);
    }
    out += fmt::format("        :-*) _stele_offer -W '{}' ;;\n", common);
    out += fmt::format("        *) _stele_offer -W '{}' ;;\n", verb_names(tree, " "));
    return out + "    esac\n}\ncomplete -o filenames -F _stele stele\n";
}

// Within single quotes, and within an _arguments specification, where brackets and colons have a meaning.
std::string quoted(std::string const& text, bool specification) {
    std::string out;
    for (char const c : text) {
        if (c == '\'') out += "'\\''";
        else if (specification && (c == '[' || c == ']' || c == ':')) out += std::string("\\") + c;
        else out += c;
    }
    return out;
}

std::string zsh_value(OptionNode const& option) {
    switch (option.kind) {
    case ValueKind::nothing: return "";
    case ValueKind::word: return fmt::format(":{}:({})", option.names.back(), joined(option.words));
    case ValueKind::file: return ":file:_files";
    case ValueKind::folder: return ":folder:_files -/";
    case ValueKind::any: break;
    }
    return ":" + quoted(option.value, true) + ": ";
}

std::string zsh_specifications(std::vector<OptionNode> const& options, std::string const& indent) {
    std::string out;
    for (auto const& option : options) {
        if (option.is_argument) {
            out += fmt::format(" \\\n{}'{}'", indent, (option.required ? "" : ":") + zsh_value(option));
            continue;
        }
        for (auto const& name : option.names)
            out +=
                fmt::format(" \\\n{}'{}[{}]{}'", indent, name, quoted(option.text, true), zsh_value(option));
    }
    return out;
}

std::string zsh_script(OptionTree const& tree) {
    std::string out = "#compdef stele\n# Completion of stele for zsh; made by: stele completion zsh\n"
                      "_stele() {\n    local context state line\n    local -a verbs=(\n";
    for (auto const& verb : tree.verbs)
        out += fmt::format("        '{}:{}'\n", verb.name, quoted(verb.text, false));
    out += "    )\n    _arguments -C" + zsh_specifications(tree.common, "        ");
    out +=
        " \\\n        '1:verb:->verb' \\\n        '*::argument:->argument'\n"
        "    case $state in\n    verb) _describe verb verbs ;;\n    argument)\n        case $words[1] in\n";
    for (auto const& verb : tree.verbs) {
        auto const indent = std::string(16, ' ');
        out += fmt::format("        {})\n            _arguments{}{} ;;\n", verb.name,
                           zsh_specifications(verb.options, indent), zsh_specifications(tree.common, indent));
    }
    return out + "        esac ;;\n    esac\n}\n_stele \"$@\"\n";
}

std::string fish_line(std::string const& condition, OptionNode const& option) {
    std::string line = "complete -c stele" + condition;
    if (option.is_argument) {
        // Words are offered in place of files; a file name is what fish offers anyhow.
        if (option.kind == ValueKind::file) return line + " -F\n";
        return option.kind == ValueKind::word ? line + " -f -a '" + joined(option.words) + "'\n" : "";
    }
    for (auto const& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    switch (option.kind) {
    case ValueKind::nothing: break;
    case ValueKind::any: line += " -x"; break;
    case ValueKind::file: line += " -r -F"; break;
    case ValueKind::folder: line += " -x -a '(__fish_complete_directories)'"; break;
    case ValueKind::word: line += " -x -a '" + joined(option.words) + "'"; break;
    }
    return line + fmt::format(" -d '{}'\n", quoted(option.text, false));
}

std::string fish_script(OptionTree const& tree) {
    std::string out = "# Completion of stele for fish; made by: stele completion fish\n"
                      "complete -c stele -f\n";
    for (auto const& option : tree.common) out += fish_line("", option);
    for (auto const& verb : tree.verbs)
        out += fmt::format("complete -c stele -n __fish_use_subcommand -a {} -d '{}'\n", verb.name,
                           quoted(verb.text, false));
    for (auto const& verb : tree.verbs)
        for (auto const& option : verb.options)
            out += fish_line(" -n '__fish_seen_subcommand_from " + verb.name + "'", option);
    return out;
}

} // namespace

std::string completion_script(OptionTree const& tree, std::string const& shell) {
    if (shell == "bash") return bash_script(tree);
    if (shell == "zsh") return zsh_script(tree);
    if (shell == "fish") return fish_script(tree);
    throw Problem(ExitCode::usage, "usage", "there is no completion for '" + shell + "'",
                  "shells: bash, zsh, fish");
}

} // namespace tools
