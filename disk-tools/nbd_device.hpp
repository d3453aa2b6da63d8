// SPDX-License-Identifier: Apache-2.0
// A store on an NBD export, over libnbd: nbd://HOST[:PORT]/[EXPORT] and nbd+unix:///[EXPORT]?socket=PATH.
#pragma once

#include "device.hpp"

#include <mutex>
#include <set>

struct nbd_handle;

namespace tools {

// Whether the text names an NBD export and no file.
bool is_nbd_uri(std::string const& text);

class NbdDevice final : public Device {
public:
    enum class Access { read, write };

    // Connects. Problems: io (no server, no answer, no such export), read-only (writing is asked for, and the
    // export does not take it or can make nothing durable).
    NbdDevice(std::string uri, Access access);
    NbdDevice(NbdDevice const&) = delete;
    ~NbdDevice() override;

    std::uint64_t capacity() const override { return capacity_; }
    void submit(store::Request const& request) override;
    std::size_t poll(std::span<store::Completion> done, bool wait) override;
    bool read_at(std::uint64_t offset, base::Bytes into) override;
    std::string failure() const override;

private:
    struct Pending {
        NbdDevice* device;
        std::uint32_t tag;
        bool of_read_at;
        std::uint64_t written;
    };
    static int completed(void* context, int* error);
    void connect();
    void refuse_what_cannot_be_written() const;
    // Gives the command to libnbd; on an error it completes here.
    void start(Pending pending, store::RequestKind kind, std::uint64_t offset, base::Bytes data);
    void finish(Pending const& pending, abi::Error error);
    // Lets libnbd work until something completes. A silent server is given up after a while.
    void wait();
    void give_up(std::string const& why);

    std::string uri_;
    std::uint64_t capacity_ = 0;
    bool can_flush_ = false;

    mutable std::mutex mutex_; // of all below
    nbd_handle* handle_ = nullptr;
    std::string failure_;
    std::set<Pending*> pending_;
    std::deque<store::Completion> done_;
    bool read_done_ = false, read_good_ = false; // of the one read_at under way
};

} // namespace tools
