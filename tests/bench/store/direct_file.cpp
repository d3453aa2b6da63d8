// SPDX-License-Identifier: Apache-2.0
#include "direct_file.hpp"

#include "bench.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bench {

void make_written_file(std::string const& path, std::uint64_t bytes) {
    int const file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    std::vector<char> const block(1 << 20, 1);
    for (std::uint64_t written = 0; file >= 0 && written < bytes; written += block.size())
        if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size()))
            give_up(path + " cannot be written");
    if (file < 0 || ::fsync(file) != 0) give_up(path + " cannot be made");
    ::close(file);
}

void make_sparse_file(std::string const& path, std::uint64_t bytes) {
    int const file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || ::ftruncate(file, static_cast<off_t>(bytes)) != 0) give_up(path + " cannot be made");
    ::close(file);
}

DirectFile::DirectFile(std::string const& path) : file_(::open(path.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC)) {
    struct stat status = {};
    if (file_ < 0) {
        file_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        fmt::print(stderr, "bench-store: this file system knows no O_DIRECT: the page cache is measured\n");
    }
    if (file_ < 0 || ::fstat(file_, &status) != 0) give_up(path + " cannot be opened");
    capacity_ = static_cast<std::uint64_t>(status.st_size);
    if (::syscall(SYS_io_setup, store::requests_at_most, &context_) != 0) {
        context_ = 0;
        fmt::print(stderr, "bench-store: this host has no asynchronous I/O: one request at a time\n");
    }
}

DirectFile::~DirectFile() {
    if (context_ != 0) ::syscall(SYS_io_destroy, context_);
    ::close(file_);
}

bool DirectFile::moved_at_once(store::Request const& request) const {
    auto const data = request.data;
    auto const offset = static_cast<off_t>(request.offset);
    auto const moved = request.kind == store::RequestKind::write
                           ? ::pwrite(file_, data.data(), data.size(), offset)
                           : ::pread(file_, data.data(), data.size(), offset);
    return moved == static_cast<ssize_t>(data.size());
}

void DirectFile::submit(store::Request const& request) {
    if (request.kind == store::RequestKind::flush) {
        // In line: nothing of the commit can go on before it returns, and what flies beside it flies on.
        ring();
        ++flushes_;
        finish({.tag = request.tag, .error = ::fdatasync(file_) == 0 ? abi::Error::none : abi::Error::io});
        return;
    }
    bool const writes = request.kind == store::RequestKind::write;
    (writes ? bytes_written_ : bytes_read_) += request.data.size();
    if (context_ == 0) {
        finish({.tag = request.tag, .error = moved_at_once(request) ? abi::Error::none : abi::Error::io});
        return;
    }
    iocb control = {};
    control.aio_data = request.tag | std::uint64_t{request.data.size()} << 32;
    control.aio_lio_opcode = writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
    control.aio_fildes = static_cast<std::uint32_t>(file_);
    control.aio_buf = reinterpret_cast<std::uint64_t>(request.data.data());
    control.aio_nbytes = request.data.size();
    control.aio_offset = static_cast<std::int64_t>(request.offset);
    waiting_.push_back(control);
}

void DirectFile::ring() {
    if (waiting_.empty()) return;
    std::array<iocb*, store::requests_at_most> list;
    std::size_t count = 0;
    for (auto& control : waiting_) list[count++] = &control;
    long const taken = ::syscall(SYS_io_submit, context_, count, list.data());
    auto const flying = static_cast<std::size_t>(std::max(taken, 0L));
    flying_ += flying;
    for (auto const& control : std::span(waiting_).subspan(flying))
        finish({.tag = static_cast<std::uint32_t>(control.aio_data), .error = abi::Error::io});
    waiting_.clear();
}

std::size_t DirectFile::poll(std::span<store::Completion> done, bool wait) {
    ring();
    std::array<io_event, store::requests_at_most> events;
    if (flying_ != 0) {
        long const least = wait && finished_.empty() ? 1 : 0;
        long got = 0;
        do got = ::syscall(SYS_io_getevents, context_, least, events.size(), events.data(), nullptr);
        while (got < 0 && errno == EINTR);
        for (long i = 0; i < got; ++i) {
            auto const& event = events[static_cast<std::size_t>(i)];
            bool const whole = event.res == static_cast<std::int64_t>(event.data >> 32);
            finish({.tag = static_cast<std::uint32_t>(event.data),
                    .error = whole ? abi::Error::none : abi::Error::io});
        }
        flying_ -= static_cast<std::size_t>(std::max(got, 0L));
    }
    auto const count = std::min(done.size(), finished_.size());
    std::copy_n(finished_.begin(), count, done.begin());
    finished_.erase(finished_.begin(), finished_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
}

} // namespace bench
