// SPDX-License-Identifier: Apache-2.0
// What an interface of Stele must keep, beyond what Cap'n Proto's compiler checks.
#pragma once

#include "model.hpp"

#include <string>
#include <vector>

namespace idl {

// The most words a method's request or reply may need: operation code or error, then each parameter.
unsigned message_words(std::vector<Parameter> const& parameters);

// The longest Text or Data value of a parameter in bytes: its own bound, or what is left of the message.
unsigned bytes_max(Parameter const& parameter, std::vector<Parameter> const& parameters);

// Every broken rule as one line "file: interface.method: what"; empty = all is well.
std::vector<std::string> check(std::vector<SchemaFile> const& files);

} // namespace idl
