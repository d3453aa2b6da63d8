// SPDX-License-Identifier: Apache-2.0
// Random worlds by number: how many, and the line that replays one, printed also when a contract of the
// kernel ends the test.
#pragma once

#include "fixture.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace kernel::testing {

class Replay {
public:
    // `filter` picks the test of the program that replays.
    explicit Replay(char const* program, char const* filter) : program_(program), filter_(filter) {
        std::signal(SIGABRT, on_abort);
    }
    ~Replay() { std::signal(SIGABRT, SIG_DFL); }
    Replay(Replay const&) = delete;
    Replay& operator=(Replay const&) = delete;

    // STELE_WORLDS in the environment, or what fits into a run of all tests.
    static std::uint64_t worlds(std::uint64_t usual) {
        auto const* text = std::getenv("STELE_WORLDS");
        return text != nullptr ? std::strtoull(text, nullptr, 0) : usual;
    }
    void world(std::uint64_t seed) {
        std::snprintf(line_.data(), line_.size(),
                      "replay: STELE_SEED=%#llx STELE_WORLDS=1 %s --gtest_filter=%s",
                      static_cast<unsigned long long>(seed), program_, filter_);
        step = 0;
    }
    static char const* line() { return line_.data(); }

    inline static int step = 0;

private:
    static void on_abort(int) {
        std::fprintf(stderr, "%s, step %d\n", line(), step);
        std::signal(SIGABRT, SIG_DFL);
        std::abort();
    }

    inline static std::array<char, 240> line_{};
    char const* program_;
    char const* filter_;
};

} // namespace kernel::testing
