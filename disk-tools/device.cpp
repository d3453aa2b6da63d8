// SPDX-License-Identifier: Apache-2.0
// Files and block devices as the store's device.
#include "device.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace tools {
namespace {

abi::Error transfer(int file, store::RequestKind kind, std::uint64_t from, base::Bytes data) {
    auto offset = static_cast<off_t>(from);
    while (!data.empty()) {
        auto const moved = kind == store::RequestKind::read
                               ? ::pread(file, data.data(), data.size(), offset)
                               : ::pwrite(file, data.data(), data.size(), offset);
        if (moved < 0 && errno == EINTR) continue;
        if (moved <= 0) return moved < 0 && errno == ENOSPC ? abi::Error::no_space : abi::Error::io;
        data = data.subspan(static_cast<std::size_t>(moved));
        offset += moved;
    }
    return abi::Error::none;
}

} // namespace

void FileDevice::submit(store::Request const& request) {
    auto error = abi::Error::none;
    if (request.kind == store::RequestKind::flush) {
        if (::fdatasync(file_) != 0) error = abi::Error::io;
    } else {
        error = transfer(file_, request.kind, request.offset, request.data);
    }
    if (request.kind == store::RequestKind::write && error == abi::Error::none)
        bytes_written_ += request.data.size();
    done_.push_back({.tag = request.tag, .error = error});
}

std::size_t FileDevice::poll(std::span<store::Completion> done, bool) {
    auto const count = std::min(done.size(), done_.size());
    std::copy_n(done_.begin(), count, done.begin());
    done_.erase(done_.begin(), done_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
}

bool FileDevice::read_at(std::uint64_t offset, base::Bytes into) {
    return transfer(file_, store::RequestKind::read, offset, into) == abi::Error::none;
}

} // namespace tools
