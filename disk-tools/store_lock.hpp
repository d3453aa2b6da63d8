// SPDX-License-Identifier: Apache-2.0
// Locks between the tools and QEMU on a store, and who holds them.
// QEMU takes read locks on byte 100 + n ("I use permission n") and 200 + n ("I do not
// share permission n"), n = 1: write.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace tools {

struct Holder {
    pid_t pid = 0;
    std::string program;
};

// Whether another process uses the open file for writing; reading verbs probe this.
bool is_in_use(int file);

// An exclusive lock for the life of the file description; false when someone else holds one.
bool lock_exclusively(int file);

// The process that has the file open and locked, as far as /proc shows it.
std::optional<Holder> find_holder(std::string const& store);

// Throws Problem in-use (exit 75) that names the holder.
[[noreturn]] void refuse_in_use(std::string const& store);

} // namespace tools
