// SPDX-License-Identifier: Apache-2.0
// The interfaces of a code generator request, reduced to what Stele's messages know.
#pragma once

#include <capnp/schema.capnp.h>

#include <cstdint>
#include <string>
#include <vector>

namespace idl {

enum class Kind : std::uint8_t {
    boolean,
    unsigned_integer,
    signed_integer,
    enumeration,
    text,
    data,
    capability,
    unsupported, // what a message cannot carry; check() refuses it
};

struct Parameter {
    std::string name;
    Kind kind = Kind::unsupported;
    unsigned bits = 0; // of an integer
    std::string
        type_name; // enumeration: its C++ name; capability: the interface or "any"; unsupported: what it is
    std::uint64_t type_id = 0;   // enumeration
    std::uint16_t bytes_max = 0; // text and data: the longest value; 0 = what is left of the message

    bool is_bytes() const { return kind == Kind::text || kind == Kind::data; }
    bool is_capability() const { return kind == Kind::capability; }
};

struct Method {
    std::string name;
    std::uint16_t ordinal = 0;
    std::string comment;
    std::vector<Parameter> parameters;
    std::vector<Parameter> results;
    std::vector<std::string> errors; // "name: condition" or "name"
    bool one_way = false;
};

struct Enumeration {
    std::string name;
    std::uint64_t id = 0;
    std::string comment;
    std::vector<std::string> values;
    std::vector<std::string> value_comments;
};

struct Interface {
    std::string name;
    std::string comment;
    std::uint16_t number = 0; // 0 = not given
    bool kernel = false;
    bool has_superclass = false;
    std::vector<Method> methods;
};

// One schema file: exactly one interface after check().
struct SchemaFile {
    std::string path;
    std::string stem; // file name without folder and .capnp: names every generated file
    std::vector<Interface> interfaces;
    std::vector<Enumeration> enumerations;

    Interface const& interface() const { return interfaces.front(); }
};

// The requested files in the order of the command line; a file of annotations only is left out.
std::vector<SchemaFile> read_model(capnp::schema::CodeGeneratorRequest::Reader request);

// camelCase → snake_case.
std::string snake_case(std::string const& name);

} // namespace idl
