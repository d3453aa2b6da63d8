// SPDX-License-Identifier: Apache-2.0
// Reference pages: the doc comments with numbers, message layout and errors.
#include "check.hpp"
#include "emit.hpp"

namespace idl {

namespace {

std::string type_text(Parameter const& parameter, std::vector<Parameter> const& all) {
    switch (parameter.kind) {
    case Kind::boolean: return "0 or 1";
    case Kind::unsigned_integer: return "unsigned, " + std::to_string(parameter.bits) + " bits";
    case Kind::signed_integer: return "signed, " + std::to_string(parameter.bits) + " bits";
    case Kind::enumeration: return parameter.type_name;
    case Kind::text: return "text of at most " + std::to_string(bytes_max(parameter, all)) + " bytes";
    case Kind::data: return "at most " + std::to_string(bytes_max(parameter, all)) + " bytes";
    case Kind::capability:
        return parameter.type_name == "any" ? "capability" : "capability: " + parameter.type_name;
    case Kind::unsupported: break;
    }
    return "";
}

// Where each parameter stands: "word 2", "words 2 on", "capability 1".
void layout(Lines& lines, std::vector<Parameter> const& parameters, unsigned first_capability) {
    unsigned word = 1;
    unsigned capability = first_capability;
    bool moved = false; // after a Text or Data the place depends on its length
    for (auto const& parameter : parameters) {
        std::string place;
        if (parameter.is_capability()) place = "capability " + std::to_string(capability++);
        else if (moved) place = "then";
        else place = "word " + std::to_string(word++);
        if (parameter.is_bytes()) {
            place += moved ? "" : " (bytes), then the bytes";
            moved = true;
        }
        lines.add("| `", parameter.name, "` | ", place, " | ", type_text(parameter, parameters), " |");
    }
}

void table(Lines& lines, std::string const& title, std::vector<Parameter> const& parameters,
           unsigned first_capability) {
    if (parameters.empty()) return;
    lines.add();
    lines.add("| ", title, " | where | what |");
    lines.add("|---|---|---|");
    layout(lines, parameters, first_capability);
}

} // namespace

std::string emit_reference(SchemaFile const& file) {
    auto const& interface = file.interface();
    Lines lines;
    lines.add("<!-- SPDX-License-Identifier: Apache-2.0 -->");
    lines.add("<!-- Generated from abi/interfaces/", file.stem,
              ".capnp by capnpc-stele; edit that file. -->");
    lines.add("# ", interface.name);
    lines.add();
    lines.add(interface.comment);
    lines.add();
    lines.add("Interface number ", interface.number, ". ",
              interface.kernel ? "Answered by the kernel." : "Answered by a server.");
    for (auto const& enumeration : file.enumerations) {
        lines.add();
        lines.add("## ", enumeration.name);
        if (!enumeration.comment.empty()) lines.add(enumeration.comment);
        lines.add();
        for (std::size_t i = 0; i < enumeration.values.size(); ++i)
            lines.add("- ", i, " `", enumeration.values[i], "` ", enumeration.value_comments[i]);
    }
    for (auto const& method : interface.methods) {
        std::ostringstream code;
        code << std::hex << "0x" << ((std::uint64_t{interface.number} << 16) | (method.ordinal + 1u));
        lines.add();
        lines.add("## ", method.name);
        lines.add();
        lines.add(method.comment);
        lines.add();
        lines.add("Operation ", code.str(), method.one_way ? ", one way: no reply, never blocks." : ".");
        table(lines, "parameter", method.parameters, interface.kernel || method.one_way ? 0 : 1);
        table(lines, "result", method.results, 0);
        if (!method.errors.empty()) lines.add();
        for (auto const& error : method.errors) {
            auto const colon = error.find(':');
            lines.add("- `", error.substr(0, colon), "`",
                      colon == std::string::npos ? "" : error.substr(colon));
        }
    }
    return lines.text();
}

} // namespace idl
