// SPDX-License-Identifier: Apache-2.0
// The emitted files of two small schemas, compared with golden/. STELE_UPDATE=1 writes the golden files anew.
#include "emit.hpp"

#include "check.hpp"
#include "compile_schema.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace {

std::string const folder = STELE_TEST_FOLDER;

void compare(std::string const& name, std::string const& text) {
    std::string const path = folder + "/golden/" + name;
    if (std::getenv("STELE_UPDATE") != nullptr) std::ofstream(path) << text;
    std::ifstream stream(path);
    std::ostringstream golden;
    golden << stream.rdbuf();
    EXPECT_EQ(golden.str(), text) << path;
}

TEST(Golden, Toy) {
    auto const files = tests::compile_schema(folder + "/schemas/toy.capnp");
    ASSERT_EQ(files.size(), 1u);
    EXPECT_TRUE(idl::check(files).empty());
    compare("toy_abi.txt", idl::emit_abi(files[0]));
    compare("toy_client.txt", idl::emit_client(files[0]));
    compare("toy_server.txt", idl::emit_server(files[0]));
    compare("toy_reference.txt", idl::emit_reference(files[0]));
}

TEST(Golden, Gadget) {
    auto const files = tests::compile_schema(folder + "/schemas/gadget.capnp");
    ASSERT_EQ(files.size(), 1u);
    EXPECT_TRUE(idl::check(files).empty());
    compare("gadget_kernel.txt", idl::emit_kernel(files[0]));
    compare("operation_table.txt", idl::emit_operation_table(files));
}

TEST(Model, NamesBecomeSnakeCase) {
    EXPECT_EQ(idl::snake_case("sleepUntil"), "sleep_until");
    EXPECT_EQ(idl::snake_case("IoPorts"), "io_ports");
    EXPECT_EQ(idl::pascal_case("sleep_until"), "SleepUntil");
}

} // namespace
