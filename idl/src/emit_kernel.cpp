// SPDX-License-Identifier: Apache-2.0
// Kernel dispatch: exact counts and ranges are checked here, so that a handler
// sees only well-formed arguments.
#include "check.hpp"
#include "emit.hpp"

namespace idl {

namespace {

bool any_bytes(std::vector<Parameter> const& parameters) {
    for (auto const& parameter : parameters)
        if (parameter.is_bytes()) return true;
    return false;
}

void arguments_struct(Lines& lines, SchemaFile const& file, Method const& method) {
    lines.open("struct ", pascal_case(method.name), "Arguments {");
    for (auto const& parameter : method.parameters) {
        if (parameter.is_capability())
            lines.add("std::size_t ", parameter.name, "{}; // position among the capabilities sent");
        else if (parameter.is_bytes()) lines.add("idl::PackedBytes ", parameter.name, "{};");
        else lines.add(scalar_type(file, parameter), " ", parameter.name, "{};");
    }
    lines.close("};");
    lines.add();
}

void result_struct(Lines& lines, SchemaFile const& file, Method const& method) {
    std::string const name = pascal_case(method.name) + "Result";
    lines.open("struct ", name, " {");
    for (auto const& result : method.results)
        lines.add(result.is_capability() ? "abi::Capability" : scalar_type(file, result), " ", result.name,
                  "{};");
    lines.close("};");
    lines.add();
    bool const used = !method.results.empty();
    lines.add("template <class Invocation>");
    lines.open("auto answer(Invocation& call, ", name, " const&", used ? " result" : "", ") {");
    std::size_t word = 1;
    std::size_t capability = 0;
    for (auto const& result : method.results) {
        if (result.is_capability())
            lines.add("call.set_capability(", capability++, ", result.", result.name, ");");
        else lines.add("call.set_word(", word++, ", static_cast<std::uint64_t>(result.", result.name, "));");
    }
    lines.add("return call.answer(", word, ", ", capability, ");");
    lines.close("}");
    lines.add();
}

// Refuses a value outside its type, then stores it.
void take_scalar(Lines& lines, SchemaFile const& file, Parameter const& parameter, std::string const& word) {
    std::string const type = scalar_type(file, parameter);
    std::string range;
    if (parameter.kind == Kind::boolean) range = word + " > 1";
    else if (parameter.kind == Kind::enumeration)
        range = word + " >= " + std::to_string(value_count(file, parameter));
    else if (parameter.bits < 64)
        range = word + " != static_cast<std::uint64_t>(static_cast<" + type + ">(" + word + "))";
    if (!range.empty()) {
        lines.add("if (", range, ")");
        lines.add("    return call.refuse(abi::Error::bad_argument);");
    }
    lines.add("arguments.", parameter.name, " = static_cast<", type, ">(", word, ");");
}

void method_case(Lines& lines, SchemaFile const& file, Method const& method) {
    auto const& parameters = method.parameters;
    auto const capabilities = capability_count(parameters);
    lines.open("case ", operation(file, method), ": {");
    bool const bytes = any_bytes(parameters);
    if (!bytes)
        lines.add("if (call.word_count() != ", parameters.size() - capabilities + 1,
                  " || call.capability_count() != ", capabilities, ")");
    else lines.add("if (call.capability_count() != ", capabilities, ")");
    lines.add("    return call.refuse(abi::Error::malformed_message);");
    if (!parameters.empty()) lines.add("interface::", pascal_case(method.name), "Arguments arguments;");
    if (bytes) lines.add("idl::WordCursor<Invocation> cursor(call);");
    std::size_t word = 1;
    std::size_t capability = 0;
    for (auto const& parameter : parameters) {
        if (parameter.is_capability()) lines.add("arguments.", parameter.name, " = ", capability++, ";");
        else if (parameter.is_bytes())
            lines.add("arguments.", parameter.name, " = cursor.bytes(", bytes_max(parameter, parameters),
                      ");");
        else if (bytes) {
            lines.add("auto const ", parameter.name, "_word = cursor.word();");
            take_scalar(lines, file, parameter, parameter.name + "_word");
        } else take_scalar(lines, file, parameter, "call.word(" + std::to_string(word++) + ")");
    }
    if (bytes) lines.add("if (!cursor.finished()) return call.refuse(abi::Error::malformed_message);");
    lines.add("return handlers.", method.name, "(call", parameters.empty() ? "" : ", arguments", ");");
    lines.close("}");
}

} // namespace

std::string emit_kernel(SchemaFile const& file) {
    auto const& interface = file.interface();
    Lines lines;
    header(lines, file, "The kernel's dispatch of " + interface.name + ".");
    lines.add("#include <abi/capability.hpp>");
    lines.add("#include <abi/error.hpp>");
    lines.add("#include <abi/operations/", file.stem, ".hpp>");
    lines.add("#include <idl/packed_bytes.hpp>");
    lines.add();
    lines.add("namespace kernel {");
    lines.add();
    lines.add("namespace ", file.stem, "_interface {");
    lines.add();
    for (auto const& method : interface.methods) {
        if (!method.parameters.empty()) arguments_struct(lines, file, method);
        if (!method.results.empty()) result_struct(lines, file, method);
    }
    lines.add("} // namespace ", file.stem, "_interface");
    lines.add();
    lines.add("// Handlers: one member function a method; each returns what call.answer() returns.");
    for (auto const& method : interface.methods)
        lines.add("//   ", method.name, "(call",
                  method.parameters.empty() ? "" : ", " + pascal_case(method.name) + "Arguments const&", ")",
                  method.results.empty() ? ""
                                         : " -> answer(call, " + pascal_case(method.name) + "Result{...})");
    lines.add("template <class Handlers, class Invocation>");
    lines.open("auto dispatch_", file.stem, "(Handlers& handlers, Invocation& call) {");
    lines.add("namespace interface = ", file.stem, "_interface;");
    lines.add("switch (call.word_count() == 0 ? 0 : call.word(0)) {");
    for (auto const& method : interface.methods) method_case(lines, file, method);
    lines.add("}");
    lines.add("return call.refuse(abi::Error::bad_operation);");
    lines.close("}");
    lines.add();
    lines.add("} // namespace kernel");
    return lines.text();
}

} // namespace idl
