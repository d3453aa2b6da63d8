// SPDX-License-Identifier: Apache-2.0
// The emitters, and what they share: a line writer and the C++ names of parameters.
#pragma once

#include "model.hpp"

#include <sstream>
#include <string>
#include <vector>

namespace idl {

// Collects lines of C++ with their indentation.
class Lines {
public:
    template <class... Parts>
    void add(Parts const&... parts) {
        std::ostringstream line;
        (void)(line << ... << parts);
        if (!line.str().empty()) text_ += std::string(indent_ * 4, ' ') + line.str();
        text_ += '\n';
    }
    template <class... Parts>
    void open(Parts const&... parts) {
        add(parts...);
        ++indent_;
    }
    template <class... Parts>
    void close(Parts const&... parts) {
        --indent_;
        add(parts...);
    }
    void comment(std::string const& text); // each line as `// ...`; nothing for an empty text
    std::string const& text() const { return text_; }

private:
    std::string text_;
    unsigned indent_ = 0;
};

// Head of a generated header: licence, sentence, where it comes from.
void header(Lines& lines, SchemaFile const& file, std::string const& sentence);

std::string pascal_case(std::string const& snake);
std::string operation(SchemaFile const& file, Method const& method); // abi::op::clock::now
// The C++ type of a parameter that is an integer, boolean or enumeration.
std::string scalar_type(SchemaFile const& file, Parameter const& parameter);
std::size_t capability_count(std::vector<Parameter> const& parameters);
bool has_words(std::vector<Parameter> const& parameters); // anything but capabilities
// The number of enumerators of an enumeration parameter.
std::size_t value_count(SchemaFile const& file, Parameter const& parameter);

std::string emit_abi(SchemaFile const& file);                           // abi/operations/<stem>.hpp
std::string emit_operation_table(std::vector<SchemaFile> const& files); // abi/operations.hpp
std::string emit_client(SchemaFile const& file);                        // runtime/client/<stem>.hpp
std::string emit_server(SchemaFile const& file);                        // runtime/server/<stem>.hpp
std::string emit_kernel(SchemaFile const& file);                        // kernel/dispatch/<stem>.hpp
std::string emit_reference(SchemaFile const& file);                     // docs/reference/<stem>.md

} // namespace idl
