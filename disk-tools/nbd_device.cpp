// SPDX-License-Identifier: Apache-2.0
// NBD exports as the store's device: requests in flight at once, completions as they come.
#include "nbd_device.hpp"

#include "problem.hpp"

#include <fmt/core.h>
#include <libnbd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace tools {
namespace {

constexpr int connect_ms = 10'000;
constexpr int silence_ms = 60'000; // that ends a request

std::string last_error() {
    auto const* text = ::nbd_get_error();
    return text == nullptr ? "no reason is known" : text;
}

} // namespace

bool is_nbd_uri(std::string const& text) {
    return std::ranges::any_of(std::array{"nbd://", "nbds://", "nbd+unix://", "nbds+unix://"},
                               [&](char const* scheme) { return text.starts_with(scheme); });
}

NbdDevice::NbdDevice(std::string uri, Access access) : uri_(std::move(uri)), handle_(::nbd_create()) {
    try {
        connect();
        if (access == Access::write) refuse_what_cannot_be_written();
    } catch (Problem const&) {
        if (handle_ != nullptr) ::nbd_close(handle_);
        throw;
    }
}

void NbdDevice::connect() {
    auto const refuse = [&](std::string const& why) {
        throw Problem(ExitCode::failed, "io", fmt::format("{}: {}", uri_, why),
                      "is the server running, and serves it more than one client at a time?");
    };
    if (handle_ == nullptr || ::nbd_aio_connect_uri(handle_, uri_.c_str()) != 0) refuse(last_error());
    // A server that serves somebody else takes the connection and says nothing.
    auto const begun = std::chrono::steady_clock::now();
    while (::nbd_aio_is_connecting(handle_) == 1) {
        if (::nbd_poll(handle_, 100) < 0) refuse(last_error());
        if (std::chrono::steady_clock::now() - begun > std::chrono::milliseconds(connect_ms))
            refuse(fmt::format("the server does not answer within {} s", connect_ms / 1000));
    }
    if (::nbd_aio_is_ready(handle_) != 1) refuse(last_error());
    auto const size = ::nbd_get_size(handle_);
    if (size < 0) refuse(last_error());
    capacity_ = static_cast<std::uint64_t>(size) / store::sector_size * store::sector_size;
    can_flush_ = ::nbd_can_flush(handle_) == 1;
}

void NbdDevice::refuse_what_cannot_be_written() const {
    if (::nbd_is_read_only(handle_) == 1)
        throw Problem(ExitCode::failed, "read-only", uri_ + ": the server exports it for reading only",
                      "export it for writing (qemu-nbd without --read-only)");
    if (!can_flush_ && ::nbd_can_fua(handle_) != 1)
        throw Problem(ExitCode::failed, "read-only",
                      uri_ + ": the export has neither FLUSH nor FUA, so nothing is ever known to be durable",
                      "serve it with one of them (qemu-nbd has both)");
    if (auto const least = ::nbd_get_block_size(handle_, LIBNBD_SIZE_MINIMUM);
        least > static_cast<std::int64_t>(store::sector_size))
        throw Problem(ExitCode::failed, "read-only",
                      fmt::format("{}: the export takes blocks of {} bytes and more", uri_, least),
                      "serve it with blocks of 512 bytes");
}

NbdDevice::~NbdDevice() {
    if (handle_ == nullptr) return;
    ::nbd_shutdown(handle_, 0);
    ::nbd_close(handle_); // completes what is left
}

int NbdDevice::completed(void* context, int* error) {
    auto* const pending = static_cast<Pending*>(context);
    auto* const device = pending->device;
    auto const reason = *error == 0        ? abi::Error::none
                        : *error == ENOSPC ? abi::Error::no_space
                                           : abi::Error::io;
    if (device->pending_.erase(pending) != 0) {
        device->finish(*pending, reason);
        delete pending;
    }
    return 1; // libnbd forgets the command
}

void NbdDevice::finish(Pending const& pending, abi::Error error) {
    if (error == abi::Error::none) bytes_written_ += pending.written;
    if (pending.of_read_at) {
        read_done_ = true;
        read_good_ = error == abi::Error::none;
    } else {
        done_.push_back({.tag = pending.tag, .error = error});
    }
}

void NbdDevice::start(Pending pending, store::RequestKind kind, std::uint64_t offset, base::Bytes data) {
    // Without FLUSH each write is made durable by itself, and a flush has nothing left to do.
    if (kind == store::RequestKind::flush && !can_flush_) return finish(pending, abi::Error::none);
    if (handle_ == nullptr) return finish(pending, abi::Error::io);
    auto* const context = new Pending(pending);
    pending_.insert(context);
    nbd_completion_callback const callback = {.callback = completed, .user_data = context, .free = nullptr};
    std::int64_t cookie = -1;
    switch (kind) {
    case store::RequestKind::read:
        cookie = ::nbd_aio_pread(handle_, data.data(), data.size(), offset, callback, 0);
        break;
    case store::RequestKind::write:
        cookie = ::nbd_aio_pwrite(handle_, data.data(), data.size(), offset, callback,
                                  can_flush_ ? 0 : LIBNBD_CMD_FLAG_FUA);
        break;
    case store::RequestKind::flush: cookie = ::nbd_aio_flush(handle_, callback, 0); break;
    }
    if (cookie >= 0 || pending_.erase(context) == 0) return;
    delete context;
    if (::nbd_aio_is_ready(handle_) != 1 && failure_.empty()) failure_ = last_error();
    finish(pending, abi::Error::io);
}

void NbdDevice::give_up(std::string const& why) {
    failure_ = why;
    ::nbd_close(std::exchange(handle_, nullptr)); // from here on nobody writes into the requests' buffers
    for (auto* const pending : std::exchange(pending_, {})) {
        finish(*pending, abi::Error::io);
        delete pending;
    }
}

void NbdDevice::wait() {
    if (handle_ == nullptr) return;
    auto const before = pending_.size();
    auto const moved = ::nbd_poll(handle_, silence_ms);
    if (moved == 0) return give_up(fmt::format("the server has not answered for {} s", silence_ms / 1000));
    if (moved < 0 || ::nbd_aio_is_dead(handle_) == 1 || ::nbd_aio_is_closed(handle_) == 1)
        give_up(moved < 0 && pending_.size() == before ? last_error() : "the server hung up");
}

void NbdDevice::submit(store::Request const& request) {
    std::lock_guard const lock(mutex_);
    auto const written = request.kind == store::RequestKind::write ? request.data.size() : 0;
    start({this, request.tag, false, written}, request.kind, request.offset, request.data);
}

std::size_t NbdDevice::poll(std::span<store::Completion> done, bool wait_for_one) {
    std::lock_guard const lock(mutex_);
    while (done_.empty() && wait_for_one && !pending_.empty()) wait();
    if (done_.empty() && !pending_.empty() && handle_ != nullptr && ::nbd_poll(handle_, 0) < 0) wait();
    auto const count = std::min(done.size(), done_.size());
    std::copy_n(done_.begin(), count, done.begin());
    done_.erase(done_.begin(), done_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
}

bool NbdDevice::read_at(std::uint64_t offset, base::Bytes into) {
    std::lock_guard const lock(mutex_);
    read_done_ = false;
    start({this, 0, true, 0}, store::RequestKind::read, offset, into);
    while (!read_done_) wait();
    return read_good_;
}

std::string NbdDevice::failure() const {
    std::lock_guard const lock(mutex_);
    return failure_;
}

} // namespace tools
