// SPDX-License-Identifier: Apache-2.0
// capnpc-stele: a back end of `capnp compile`. Reads a request on standard input,
// writes below the current folder.
#include "check.hpp"
#include "emit.hpp"

#include <capnp/serialize.h>

#include <filesystem>
#include <fstream>
#include <iostream>

namespace {

// Unchanged files keep their time stamp, so that nothing is compiled again for nothing.
void write_file(std::filesystem::path const& path, std::string const& text) {
    std::ostringstream old;
    if (std::ifstream const stream(path); stream) old << stream.rdbuf();
    if (old.str() == text) return;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream stream(path);
    stream << text;
    if (!stream.flush()) throw std::runtime_error("cannot write " + path.string());
}

int run() {
    capnp::StreamFdMessageReader message(0);
    auto const files = idl::read_model(message.getRoot<capnp::schema::CodeGeneratorRequest>());
    auto const problems = idl::check(files);
    for (auto const& problem : problems) std::cerr << problem << '\n';
    if (!problems.empty()) return 1;
    for (auto const& file : files) {
        write_file("abi/operations/" + file.stem + ".hpp", idl::emit_abi(file));
        write_file("runtime/client/" + file.stem + ".hpp", idl::emit_client(file));
        if (file.interface().kernel)
            write_file("kernel/dispatch/" + file.stem + ".hpp", idl::emit_kernel(file));
        else write_file("runtime/server/" + file.stem + ".hpp", idl::emit_server(file));
        write_file("docs/reference/" + file.stem + ".md", idl::emit_reference(file));
    }
    write_file("abi/operations.hpp", idl::emit_operation_table(files));
    return 0;
}

} // namespace

int main() {
    try {
        return run();
    } catch (std::exception const& error) {
        std::cerr << "capnpc-stele: " << error.what() << '\n';
    } catch (kj::Exception const& error) {
        std::cerr << "capnpc-stele: " << error.getDescription().cStr() << '\n';
    }
    return 2;
}
