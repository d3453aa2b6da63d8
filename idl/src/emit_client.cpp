// SPDX-License-Identifier: Apache-2.0
// Client stubs: one struct an interface, one member function a method, over runtime/invoke.hpp.
#include "check.hpp"
#include "emit.hpp"

namespace idl {

namespace {

std::string result_type(Method const& method) {
    return has_words(method.results) ? "Result<" + pascal_case(method.name) + "Result>" : "Result<>";
}

// `(std::uint64_t slot, Slot capability_into)`: parameters, then where capabilities of the reply go.
std::string signature(SchemaFile const& file, Method const& method) {
    std::string list;
    auto const append = [&](std::string const& text) { list += (list.empty() ? "" : ", ") + text; };
    for (auto const& parameter : method.parameters) {
        if (parameter.is_capability()) append("Slot " + parameter.name);
        else if (parameter.kind == Kind::text) append("std::string_view " + parameter.name);
        else if (parameter.kind == Kind::data) append("std::span<std::byte const> " + parameter.name);
        else append(scalar_type(file, parameter) + " " + parameter.name);
    }
    for (auto const& result : method.results)
        if (result.is_capability()) append("Slot " + result.name + "_into");
    return "(" + list + ") const";
}

void result_struct(Lines& lines, SchemaFile const& file, Method const& method) {
    lines.open("struct ", pascal_case(method.name), "Result {");
    for (auto const& result : method.results) {
        if (result.is_capability()) continue;
        if (result.is_bytes())
            lines.add(result.kind == Kind::text ? "Text<" : "Data<", bytes_max(result, method.results), "> ",
                      result.name, "{};");
        else lines.add(scalar_type(file, result), " ", result.name, "{};");
    }
    lines.close("};");
}

void take_result(Lines& lines, SchemaFile const& file, Parameter const& result) {
    if (result.is_capability()) return;
    if (result.kind == Kind::enumeration)
        lines.add("reader.take_enumeration(result.", result.name, ", ", value_count(file, result), ");");
    else lines.add("reader.take(result.", result.name, ");");
}

void definition(Lines& lines, SchemaFile const& file, Method const& method) {
    std::string type = result_type(method);
    if (has_words(method.results)) type.insert(7, file.interface().name + "::");
    lines.open("inline ", type, " ", file.interface().name, "::", method.name, signature(file, method), " {");
    lines.add("Message message(", operation(file, method), ");");
    for (auto const& parameter : method.parameters) {
        if (parameter.is_capability()) lines.add("message.put_capability(", parameter.name, ");");
        else if (parameter.is_bytes())
            lines.add("TRY(message.put_bytes(", parameter.name, ", ", bytes_max(parameter, method.parameters),
                      "));");
        else lines.add("message.put(", parameter.name, ");");
    }
    for (auto const& result : method.results)
        if (result.is_capability()) lines.add("message.accept_capability(", result.name, "_into);");
    if (method.one_way) {
        lines.add("return send_now(target, message);");
    } else {
        lines.add("TRY(call(target, message));");
        lines.add("MessageReader reader(message);");
        if (has_words(method.results)) lines.add(pascal_case(method.name), "Result result;");
        for (auto const& result : method.results) take_result(lines, file, result);
        lines.add("TRY(reader.finish());");
        lines.add(has_words(method.results) ? "return result;" : "return {};");
    }
    lines.close("}");
    lines.add();
}

} // namespace

std::string emit_client(SchemaFile const& file) {
    auto const& interface = file.interface();
    Lines lines;
    header(lines, file,
           "Client of " + interface.name + ": a slot and its methods. No stub retries by itself.");
    lines.add("#include <abi/operations/", file.stem, ".hpp>");
    lines.add("#include <runtime/invoke.hpp>");
    lines.add();
    lines.add("namespace runtime {");
    lines.add();
    lines.comment(interface.comment);
    lines.open("struct ", interface.name, " {");
    lines.add("Slot target;");
    for (auto const& method : interface.methods) {
        lines.add();
        if (has_words(method.results)) result_struct(lines, file, method);
        lines.comment(method.comment);
        for (auto const& error : method.errors) lines.comment("Error::" + error + ".");
        lines.add(result_type(method), " ", method.name, signature(file, method), ";");
    }
    lines.close("};");
    lines.add();
    for (auto const& method : interface.methods) definition(lines, file, method);
    lines.add("} // namespace runtime");
    return lines.text();
}

} // namespace idl
