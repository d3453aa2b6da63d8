// SPDX-License-Identifier: Apache-2.0
// Naming the case that a process died in.
#include "current_case.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include <csignal>
#include <malloc.h>
#include <unistd.h>

namespace tests {

namespace {

// A signal handler can take no more than this.
std::array<char, 256> line_of_case;
constexpr unsigned hang_seconds = 240;

void say(int signal) {
    auto const put = [](char const* text, std::size_t size) {
        if (::write(STDERR_FILENO, text, size) < 0) return;
    };
    constexpr char head[] = "\nSTELE_FAULTS_REPLAY=";
    put(head, sizeof head - 1);
    put(line_of_case.data(), std::strlen(line_of_case.data()));
    put("\n", 1);
    std::signal(signal, SIG_DFL);
    ::raise(signal);
}

void prepare() {
    // Cases take and give back megabytes: not from and to the system each time.
    ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (auto const signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGALRM}) std::signal(signal, say);
}

} // namespace

void enter_case(std::string const& line) {
    static bool const prepared = (prepare(), true);
    static_cast<void>(prepared);
    auto const size = std::min(line.size(), line_of_case.size() - 1);
    std::memcpy(line_of_case.data(), line.data(), size);
    line_of_case[size] = 0;
    ::alarm(hang_seconds);
}

bool case_wanted(std::string const& line) {
    static char const* const replay = std::getenv("STELE_FAULTS_REPLAY");
    return replay == nullptr || line == replay;
}

Tier tier() {
    auto const* const name = std::getenv("STELE_FAULTS_TIER");
    if (name == nullptr || std::strcmp(name, "test") == 0) return Tier::test;
    return std::strcmp(name, "crash") == 0 ? Tier::crash : Tier::campaign;
}

} // namespace tests
