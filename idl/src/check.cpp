// SPDX-License-Identifier: Apache-2.0
// The rules: what a message cannot carry, numbers that are missing or used twice, names that do not fit.
#include "check.hpp"

#include <abi/error.hpp>
#include <abi/message.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace idl {

namespace {

constexpr std::uint16_t first_server_number = 64;
// position 0 is the reply entry
constexpr std::size_t request_capabilities_max = abi::message_capabilities_max - 1;

// Names that C++ or the generated code itself needs.
constexpr std::array<std::string_view, 38> reserved_names = {
    "target", "message", "reader", "result",    "dispatch", "answer",   "auto",     "bool",
    "break",  "case",    "catch",  "char",      "class",    "const",    "continue", "default",
    "delete", "do",      "double", "else",      "enum",     "export",   "false",    "for",
    "if",     "int",     "long",   "namespace", "new",      "operator", "private",  "public",
    "return", "short",   "switch", "this",      "true",     "while",
};

class Checker {
public:
    std::vector<std::string> run(std::vector<SchemaFile> const& files) {
        for (auto const& file : files) check_file(file);
        return std::move(problems_);
    }

private:
    void check_file(SchemaFile const& file) {
        where_ = file.path;
        if (file.interfaces.size() != 1) return problem("a file has exactly one interface");
        auto const& interface = file.interface();
        where_ = file.path + ": " + interface.name;
        if (snake_case(interface.name) != file.stem)
            problem("the file's name must be " + snake_case(interface.name) + ".capnp");
        if (interface.number == 0) problem("has no $interfaceNumber");
        else if (auto const [it, fresh] = numbers_.emplace(interface.number, where_); !fresh)
            problem("has the number " + std::to_string(interface.number) + ", as " + it->second + " has");
        if (interface.kernel && interface.number >= first_server_number)
            problem("a $kernel interface has the number of its capability type, below 64");
        if (!interface.kernel && interface.number != 0 && interface.number < first_server_number)
            problem("a server's number is 64 or more");
        if (interface.has_superclass) problem("extends another interface");
        if (interface.comment.empty()) problem("has no doc comment");
        std::string const interface_place = where_;
        for (auto const& method : interface.methods) {
            where_ = interface_place + "." + method.name;
            check_method(file, method);
        }
    }

    void check_method(SchemaFile const& file, Method const& method) {
        if (method.comment.empty()) problem("has no doc comment");
        check_name(method.name);
        check_parameters(file, method.parameters, request_capabilities_max, "in a request");
        check_parameters(file, method.results, abi::message_capabilities_max, "in a reply");
        if (method.one_way && !method.results.empty()) problem("is $oneWay and has results");
        bool const carries = std::any_of(method.parameters.begin(), method.parameters.end(),
                                         [](auto const& p) { return p.is_capability(); });
        if (method.one_way && carries) problem("is $oneWay and has capabilities");
        if (method.one_way && !method.errors.empty()) problem("is $oneWay and has errors");
        for (auto const& error : method.errors) {
            auto const name = error.substr(0, error.find(':'));
            bool const known = std::any_of(abi::error_texts.begin(), abi::error_texts.end(),
                                           [&](auto const& text) { return text.name == name; });
            if (!known) problem("names the error \"" + name + "\", which abi::Error does not have");
        }
    }

    void check_parameters(SchemaFile const& file, std::vector<Parameter> const& parameters,
                          std::size_t capabilities_max, std::string const& where) {
        unsigned open_ended = 0;
        std::size_t capabilities = 0;
        for (auto const& parameter : parameters) {
            check_name(parameter.name);
            if (parameter.kind == Kind::unsupported)
                problem(parameter.name + ": a message cannot carry a " + parameter.type_name);
            if (parameter.bytes_max != 0 && !parameter.is_bytes())
                problem(parameter.name + ": $maxBytes is for Text and Data only");
            if (parameter.is_bytes() && parameter.bytes_max == 0) ++open_ended;
            if (parameter.is_capability()) ++capabilities;
            bool const foreign = std::none_of(file.enumerations.begin(), file.enumerations.end(),
                                              [&](auto const& e) { return e.id == parameter.type_id; });
            if (parameter.kind == Kind::enumeration && foreign)
                problem(parameter.name + ": the enumeration " + parameter.type_name + " is not of this file");
        }
        if (open_ended > 1) problem("more than one Text or Data without $maxBytes " + where);
        if (capabilities > capabilities_max)
            problem(std::to_string(capabilities) + " capabilities " + where + ", at most " +
                    std::to_string(capabilities_max) + " fit");
        if (auto const words = message_words(parameters); words > abi::message_words_max)
            problem(std::to_string(words) + " words " + where + ", at most 64 fit");
    }

    void check_name(std::string const& name) {
        if (std::find(reserved_names.begin(), reserved_names.end(), name) != reserved_names.end())
            problem("the name " + name + " is used by C++ or by the generated code");
    }

    void problem(std::string const& text) { problems_.push_back(where_ + ": " + text); }

    std::string where_;
    std::vector<std::string> problems_;
    std::map<std::uint16_t, std::string> numbers_;
};

} // namespace

unsigned message_words(std::vector<Parameter> const& parameters) {
    unsigned words = 1;
    for (auto const& parameter : parameters) {
        if (parameter.is_bytes()) words += 1 + (parameter.bytes_max + 7u) / 8;
        else if (!parameter.is_capability()) ++words;
    }
    return words;
}

unsigned bytes_max(Parameter const& parameter, std::vector<Parameter> const& parameters) {
    if (parameter.bytes_max != 0) return parameter.bytes_max;
    return (static_cast<unsigned>(abi::message_words_max) - message_words(parameters)) * 8;
}

std::vector<std::string> check(std::vector<SchemaFile> const& files) { return Checker().run(files); }

} // namespace idl
