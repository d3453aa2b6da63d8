// SPDX-License-Identifier: Apache-2.0
// A problem that ends a verb: exit code, error word, one clear line and its remedy (docs: command line).
#pragma once

#include <abi/error.hpp>

#include <stdexcept>
#include <string>

namespace tools {

// Exit codes: the low bits are fsck's, so that scripts which know fsck know ours.
enum class ExitCode : int {
    done = 0,
    differs = 1,
    damaged = 4,
    failed = 8,
    usage = 16,
    cancelled = 32,
    in_use = 75,
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
