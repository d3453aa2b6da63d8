// SPDX-License-Identifier: Apache-2.0
// Locks between the tools and QEMU on a store, and who holds them.
// QEMU takes read locks on byte 100 + n ("I use permission n") and 200 + n ("I do not
// share permission n"), n = 1: write.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>

namespace tools {

struct Holder {
    pid_t pid = 0;
    std::string program;
};

// Whether another process uses the open file for writing; reading verbs probe this.
bool is_in_use(int file);

// An exclusive lock for the life of the file description; false when someone else holds one.
bool lock_exclusively(int file);

// An NBD export cannot be locked; who writes it holds a name that is made of its URI, which the others of
// this machine see: that of the control socket of `stele boot`. Machines elsewhere are told apart by R32
// only.
class NameLock {
public:
    NameLock() = default;
    // Throws Problem in-use.
    explicit NameLock(std::string const& uri);
    NameLock(NameLock&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
    NameLock& operator=(NameLock&& other) noexcept { return std::swap(socket_, other.socket_), *this; }
    ~NameLock();

private:
    int socket_ = -1;
};
bool is_name_locked(std::string const& uri);
// The abstract UNIX socket that stands for a store: by device and inode, or by an NBD URI.
std::string socket_name_of(std::string const& store);

// The process that has the file open, or the NBD export's URI on its command line, as far as /proc shows it.
std::optional<Holder> find_holder(std::string const& store);

// Throws Problem in-use (exit 75) that names the holder.
[[noreturn]] void refuse_in_use(std::string const& store);

} // namespace tools
