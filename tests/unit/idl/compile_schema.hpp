// SPDX-License-Identifier: Apache-2.0
// Runs Cap'n Proto's compiler over schema files and reads the request that a back end would get.
#pragma once

#include "model.hpp"

#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace tests {

inline std::vector<idl::SchemaFile> compile_schema(std::string const& files) {
    std::string const command =
        "capnp compile -o- --import-path=" STELE_SCHEMAS " --src-prefix=" STELE_TEST_FOLDER " " + files;
    FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
    std::vector<idl::SchemaFile> result;
    {
        capnp::StreamFdMessageReader message(fileno(pipe));
        result = idl::read_model(message.getRoot<capnp::schema::CodeGeneratorRequest>());
    }
    EXPECT_EQ(pclose(pipe), 0) << command;
    return result;
}

} // namespace tests
