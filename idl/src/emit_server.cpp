// SPDX-License-Identifier: Apache-2.0
// Server dispatch: decode with bounds checks, call the method of the server, encode its reply.
#include "check.hpp"
#include "emit.hpp"

namespace idl {

namespace {

// Text and Data are views: of the request for arguments, of the server's memory for results.
void parameter_struct(Lines& lines, SchemaFile const& file, std::string const& name,
                      std::vector<Parameter> const& parameters) {
    lines.open("struct ", name, " {");
    for (auto const& parameter : parameters) {
        if (parameter.is_capability()) lines.add("Slot ", parameter.name, "{};");
        else if (parameter.kind == Kind::text) lines.add("std::string_view ", parameter.name, "{};");
        else if (parameter.kind == Kind::data)
            lines.add("std::span<std::byte const> ", parameter.name, "{};");
        else lines.add(scalar_type(file, parameter), " ", parameter.name, "{};");
    }
    lines.close("};");
    lines.add();
}

void encoder(Lines& lines, Method const& method) {
    lines.open("inline Result<> encode(Message& message, ", pascal_case(method.name),
               "Result const& result) {");
    for (auto const& result : method.results) {
        if (result.is_capability()) lines.add("message.put_capability(result.", result.name, ");");
        else if (result.is_bytes())
            lines.add("TRY(message.put_bytes(result.", result.name, ", ", bytes_max(result, method.results),
                      "));");
        else lines.add("message.put(result.", result.name, ");");
    }
    lines.add("return {};");
    lines.close("}");
    lines.add();
}

void method_case(Lines& lines, SchemaFile const& file, Method const& method) {
    lines.open("case ", operation(file, method), ": {");
    lines.add("MessageReader reader(request.message());");
    std::string arguments;
    if (!method.parameters.empty()) {
        arguments = ", arguments";
        lines.add(pascal_case(method.name), "Arguments arguments;");
    }
    for (auto const& parameter : method.parameters) {
        if (parameter.is_capability())
            lines.add("arguments.", parameter.name, " = request.next_capability();");
        else if (parameter.is_bytes())
            lines.add("reader.take(arguments.", parameter.name, ", ", bytes_max(parameter, method.parameters),
                      ");");
        else if (parameter.kind == Kind::enumeration)
            lines.add("reader.take_enumeration(arguments.", parameter.name, ", ",
                      value_count(file, parameter), ");");
        else lines.add("reader.take(arguments.", parameter.name, ");");
    }
    lines.add("if (request.refuses(reader, ", capability_count(method.parameters), ")) return true;");
    std::string const invocation = "server." + method.name + "(request" + arguments + ")";
    if (method.one_way) {
        lines.add(invocation, ";");
        lines.add("request.leave_unanswered();");
    } else lines.add("request.complete(", invocation, ");");
    lines.add("return true;");
    lines.close("}");
}

} // namespace

std::string emit_server(SchemaFile const& file) {
    auto const& interface = file.interface();
    Lines lines;
    header(lines, file, "Server side of " + interface.name + ".");
    lines.add("#include <abi/operations/", file.stem, ".hpp>");
    lines.add("#include <runtime/request.hpp>");
    lines.add();
    lines.add("namespace runtime::", file.stem, "_server {");
    lines.add();
    for (auto const& method : interface.methods) {
        if (!method.parameters.empty())
            parameter_struct(lines, file, pascal_case(method.name) + "Arguments", method.parameters);
        if (!method.results.empty()) {
            parameter_struct(lines, file, pascal_case(method.name) + "Result", method.results);
            encoder(lines, method);
        }
    }
    lines.add("// Answers a request of this interface; false = the operation is none of its own.");
    lines.add("// A server has one member function a method:");
    for (auto const& method : interface.methods)
        lines.add("//   Result<", method.results.empty() ? "" : pascal_case(method.name) + "Result", "> ",
                  method.name, "(Request&",
                  method.parameters.empty() ? "" : ", " + pascal_case(method.name) + "Arguments const&", ")");
    lines.add("template <class Server>");
    lines.open("bool dispatch(Server& server, Request& request) {");
    lines.add("switch (request.operation()) {");
    for (auto const& method : interface.methods) method_case(lines, file, method);
    lines.add("}");
    lines.add("return false;");
    lines.close("}");
    lines.add();
    lines.add("} // namespace runtime::", file.stem, "_server");
    return lines.text();
}

} // namespace idl
