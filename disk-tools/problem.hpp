// SPDX-License-Identifier: Apache-2.0
// A problem that ends a verb: exit code, error word, one clear line and its remedy (docs: command line).
#pragma once

#include <abi/error.hpp>

#include <array>
#include <stdexcept>
#include <string>

namespace tools {

// Exit codes: the low bits are fsck's, so that scripts which know fsck know ours.
enum class ExitCode : int {
    done = 0,
    different = 1,
    damaged = 4,
    failed = 8,
    usage = 16,
    cancelled = 32,
    in_use = 75,
};

struct ExitRow {
    ExitCode code;
    char const* text;
};

// For people: in --help and on every manual page.
inline constexpr std::array exit_rows = {
    ExitRow{ExitCode::done, "done; nothing is wrong, nothing differs"},
    ExitRow{ExitCode::different, "done by diff: the two checkpoints differ"},
    ExitRow{ExitCode::damaged, "damage was found and left as it is"},
    ExitRow{ExitCode::failed,
            "it could not be done: no store, an error of the disk, a newer format, a file in the way"},
    ExitRow{ExitCode::usage, "the command line is wrong"},
    ExitRow{ExitCode::cancelled, "cancelled by SIGINT"},
    ExitRow{ExitCode::in_use, "the store is in use by another process: try again later"},
};

// Thrown by the tools only, caught once in main; libraries below answer with Result.
class Problem : public std::runtime_error {
public:
    Problem(ExitCode code, std::string word, std::string const& text, std::string remedy = {})
        : std::runtime_error(text), code_(code), word_(std::move(word)), remedy_(std::move(remedy)) {}

    ExitCode code() const { return code_; }
    std::string const& word() const { return word_; }
    std::string const& remedy() const { return remedy_; }

private:
    ExitCode code_;
    std::string word_;
    std::string remedy_;
};

// The error words of the command line (a fixed set) for errors of the store.
Problem problem_of(abi::Error error, std::string const& store);

} // namespace tools
