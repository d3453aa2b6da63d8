// SPDX-License-Identifier: Apache-2.0
// forgetting-disk: a block device that loses what was not flushed when its power is
// cut. Prints one JSON line a fact.
#include "server.hpp"

#include <fcntl.h>
#include <getopt.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

namespace {

constexpr char const* usage_text =
    "usage: forgetting-disk --image FILE --socket PATH [--control PATH] [--seed N] [--delay-us N]\n"
    "                       [--keep P] [--cut-after-events N] [--cut-after-writes N]\n"
    "                       [--cut-after-flushes N] [--cut-after-ms N] [--no-reorder]\n"
    "                       [--mode forgetting|honest]\n"
    "control socket: stats, cut, cut-after-events N, cut-after-writes N, cut-after-flushes N,\n"
    "                cut-after-ms N, quit\n";

struct Arguments {
    std::string image;
    tests::ServerOptions server;
};

std::uint64_t number(char const* text) { return std::strtoull(text, nullptr, 0); }

// False: not an option that exists.
bool apply(Arguments& arguments, int option, char const* value) {
    tests::ServerOptions& server = arguments.server;
    switch (option) {
    case 'i': arguments.image = value; return true;
    case 's': server.socket = value; return true;
    case 'c': server.control = value; return true;
    case 'r': server.seed = number(value); return true;
    case 'd': server.delay_us = number(value); return true;
    case 'k': server.keep_probability = std::strtod(value, nullptr); return true;
    case 'e': server.plan.events = number(value); return true;
    case 'w': server.plan.writes = number(value); return true;
    case 'f': server.plan.flushes = number(value); return true;
    case 'm': server.plan.time = tests::Clock::now() + std::chrono::milliseconds(number(value)); return true;
    case 'n': server.reorder = false; return true;
    case 'o':
        server.honest = std::string(value) == "honest";
        return server.honest || std::string(value) == "forgetting";
    default: return false;
    }
}

bool parse(int argc, char** argv, Arguments& arguments) {
    const option options[] = {{"image", 1, nullptr, 'i'},
                              {"socket", 1, nullptr, 's'},
                              {"control", 1, nullptr, 'c'},
                              {"seed", 1, nullptr, 'r'},
                              {"delay-us", 1, nullptr, 'd'},
                              {"keep", 1, nullptr, 'k'},
                              {"cut-after-events", 1, nullptr, 'e'},
                              {"cut-after-writes", 1, nullptr, 'w'},
                              {"cut-after-flushes", 1, nullptr, 'f'},
                              {"cut-after-ms", 1, nullptr, 'm'},
                              {"no-reorder", 0, nullptr, 'n'},
                              {"mode", 1, nullptr, 'o'},
                              {nullptr, 0, nullptr, 0}};
    for (int found = 0; (found = ::getopt_long(argc, argv, "", options, nullptr)) != -1;) {
        if (!apply(arguments, found, ::optarg)) {
            return false;
        }
    }
    return ::optind == argc && !arguments.image.empty() && !arguments.server.socket.empty();
}

// The platter is the file itself: what is written here is on the disk, whatever happens to this process.
std::span<std::byte> map_platter(std::string const& path) {
    int const file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    struct stat status {};
    if (file < 0 || ::fstat(file, &status) != 0 || status.st_size < 512 || status.st_size % 512 != 0) {
        throw std::runtime_error(path + ": not a disk image of whole sectors");
    }
    auto const size = static_cast<std::size_t>(status.st_size);
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (memory == MAP_FAILED) {
        throw std::runtime_error(path + ": cannot be mapped");
    }
    return {static_cast<std::byte*>(memory), size};
}

} // namespace

int main(int argc, char** argv) try {
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::fputs(usage_text, stderr);
        return 16;
    }
    tests::Server server(arguments.server, map_platter(arguments.image));
    return server.run();
} catch (std::exception const& error) {
    std::fprintf(stderr, "forgetting-disk: %s\n", error.what());
    return 8;
}
