// SPDX-License-Identifier: Apache-2.0
// What the emitters share.
#include "emit.hpp"

#include <algorithm>
#include <cctype>

namespace idl {

void Lines::comment(std::string const& text) {
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) add("// ", line);
}

void header(Lines& lines, SchemaFile const& file, std::string const& sentence) {
    lines.add("// SPDX-License-Identifier: Apache-2.0");
    lines.add("// ", sentence);
    lines.add("// Generated from ", file.stem, ".capnp by capnpc-stele.");
    lines.add("#pragma once");
    lines.add();
}

std::string pascal_case(std::string const& snake) {
    std::string result;
    bool upper = true;
    for (char const c : snake) {
        if (c == '_') upper = true;
        else
            result += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c,
                upper = false;
    }
    return result;
}

std::string operation(SchemaFile const& file, Method const& method) {
    return "abi::op::" + file.stem + "::" + method.name;
}

std::string scalar_type(SchemaFile const& file, Parameter const& parameter) {
    if (parameter.kind == Kind::boolean) return "bool";
    if (parameter.kind == Kind::enumeration) return "abi::op::" + file.stem + "::" + parameter.type_name;
    return (parameter.kind == Kind::unsigned_integer ? "std::uint" : "std::int") +
           std::to_string(parameter.bits) + "_t";
}

std::size_t capability_count(std::vector<Parameter> const& parameters) {
    return static_cast<std::size_t>(
        std::count_if(parameters.begin(), parameters.end(), [](auto const& p) { return p.is_capability(); }));
}

bool has_words(std::vector<Parameter> const& parameters) {
    return capability_count(parameters) != parameters.size();
}

std::size_t value_count(SchemaFile const& file, Parameter const& parameter) {
    for (auto const& enumeration : file.enumerations)
        if (enumeration.id == parameter.type_id) return enumeration.values.size();
    return 0;
}

} // namespace idl
