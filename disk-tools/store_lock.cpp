// SPDX-License-Identifier: Apache-2.0
// Open-file-description locks, the kind QEMU uses; the holder is found by scanning /proc for the inode.
#include "store_lock.hpp"

#include "nbd_device.hpp"
#include "problem.hpp"

#include <fmt/core.h>
#include <store/hash.hpp>

#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace tools {
namespace {

namespace fs = std::filesystem;

constexpr off_t first_lock_byte = 100;
constexpr off_t lock_bytes = 200;
constexpr off_t write_permission_byte = 101;

struct flock range(short type, off_t start, off_t length) {
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return lock;
}

bool has_on_command_line(fs::path const& process, std::string const& text) {
    std::ifstream stream(process / "cmdline", std::ios::binary);
    std::string const line(std::istreambuf_iterator<char>(stream), {});
    return line.find(text) != line.npos;
}

bool has_file_open(fs::path const& process, struct stat const& wanted) {
    std::error_code ignored;
    for (auto const& entry : fs::directory_iterator(process / "fd", ignored)) {
        struct stat seen = {};
        if (::stat(entry.path().c_str(), &seen) == 0 && seen.st_ino == wanted.st_ino &&
            seen.st_dev == wanted.st_dev)
            return true;
    }
    return false;
}

} // namespace

bool is_in_use(int file) {
    auto probe = range(F_WRLCK, write_permission_byte, 1);
    return ::fcntl(file, F_OFD_GETLK, &probe) == 0 && probe.l_type != F_UNLCK;
}

bool lock_exclusively(int file) {
    auto lock = range(F_WRLCK, first_lock_byte, lock_bytes);
    return ::fcntl(file, F_OFD_SETLK, &lock) == 0;
}

std::optional<Holder> find_holder(std::string const& store) {
    bool const is_export = is_nbd_uri(store);
    struct stat wanted = {};
    if (!is_export && ::stat(store.c_str(), &wanted) != 0) return {};
    std::error_code ignored;
    std::optional<Holder> other;
    for (auto const& entry : fs::directory_iterator("/proc", ignored)) {
        auto const name = entry.path().filename().string();
        pid_t pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{} ||
            pid == ::getpid())
            continue;
        if (is_export ? !has_on_command_line(entry.path(), store) : !has_file_open(entry.path(), wanted))
            continue;
        Holder holder{.pid = pid, .program = "a process"};
        std::ifstream comm(entry.path() / "comm");
        std::getline(comm, holder.program);
        // Others may have the store open too, `stele boot` among them; QEMU is the one that runs it.
        if (holder.program.starts_with("qemu")) return holder;
        if (!other || other->program == "stele") other = holder;
    }
    return other;
}

std::string socket_name_of(std::string const& store) {
    if (is_nbd_uri(store))
        return fmt::format("stele/nbd/{:016x}",
                           store::hash64(abi::disk::HashSeed::root_slot,
                                         std::as_bytes(std::span(store.data(), store.size()))));
    struct stat status = {};
    if (::stat(store.c_str(), &status) != 0)
        throw Problem(ExitCode::failed, "io", store + ": no such file", "check the name");
    return fmt::format("stele/{}/{}", status.st_dev, status.st_ino);
}

NameLock::NameLock(std::string const& uri) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto const name = socket_name_of(uri);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(socket_, reinterpret_cast<sockaddr const*>(&address), length) == 0) return;
    ::close(std::exchange(socket_, -1));
    refuse_in_use(uri);
}

NameLock::~NameLock() {
    if (socket_ >= 0) ::close(socket_);
}

// The kernel's list is read, since a connection would be taken for a question to the machine.
bool is_name_locked(std::string const& uri) {
    auto const wanted = "@" + socket_name_of(uri);
    std::ifstream sockets("/proc/net/unix");
    for (std::string line; std::getline(sockets, line);)
        if (line.ends_with(wanted)) return true;
    return false;
}

void refuse_in_use(std::string const& store) {
    auto const holder = find_holder(store);
    auto const who =
        holder ? fmt::format("{} (pid {})", holder->program, holder->pid) : std::string("another process");
    throw Problem(
        ExitCode::in_use, "in-use", fmt::format("{} is in use by {}", store, who),
        "a reading verb reads its last committed checkpoint with --live; others wait until it ends");
}

} // namespace tools
