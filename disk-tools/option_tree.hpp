// SPDX-License-Identifier: Apache-2.0
// The option tree as plain data: what completion scripts and manual pages are made of.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App; // CLI11's parser
}

namespace tools {

// What an option or an argument takes.
enum class ValueKind { nothing, any, file, folder, word };

struct OptionNode {
    std::vector<std::string> names; // "-n", "--dry-run"; of an argument its one name, "STORE"
    std::string text;
    std::string value; // "SIZE"; empty for a flag
    ValueKind kind = ValueKind::nothing;
    std::vector<std::string> words; // ValueKind::word: those that may stand there
    std::string variable;           // of the environment, or empty
    bool is_argument = false;
    bool required = false;
};

struct VerbNode {
    std::string name;
    std::string text;
    std::vector<OptionNode> options; // arguments first
};

struct OptionTree {
    std::vector<OptionNode> common; // understood before and after every verb
    std::vector<VerbNode> verbs;
};

// The value names that tell completion what may stand there; "a|b|c" means one of these words.
inline constexpr char const* file_value = "FILE";
inline constexpr char const* folder_value = "FOLDER";

OptionTree describe_options(CLI::App const& app);

// A script for bash, zsh or fish; Problem usage for another shell.
std::string completion_script(OptionTree const& tree, std::string const& shell);

// The pages in their order: "stele", then the verbs.
std::vector<std::string> manual_page_names(OptionTree const& tree);
// The description of a verb for its page, with its heading; empty when its options say all.
std::string manual_description(std::string const& verb);
// One page in scdoc's language; Problem usage when there is no such page.
std::string manual_page(OptionTree const& tree, std::string const& name);

} // namespace tools
