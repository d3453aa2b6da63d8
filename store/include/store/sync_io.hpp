// SPDX-License-Identifier: Apache-2.0
// Requests that are waited for: for formatting, recovery and the tools, where nothing else runs beside it.
#pragma once

#include <base/result.hpp>
#include <store/block_device.hpp>

#include <span>

namespace store {

using base::Result;

struct ReadPart {
    std::uint64_t offset = 0;
    base::Bytes into;
    bool good = false; // it was read
};

class SyncIo {
public:
    explicit SyncIo(BlockDevice& device) : device_(device) {}
    Result<> read(std::uint64_t offset, base::Bytes into) {
        return run({RequestKind::read, 0, offset, into});
    }
    // All of them at once, up to requests_at_most: a device answers many sooner than one after the other.
    void read_all(std::span<ReadPart> parts);
    Result<> write(std::uint64_t offset, base::Bytes from) {
        return run({RequestKind::write, 0, offset, from});
    }
    Result<> flush() { return run({RequestKind::flush, 0, 0, {}}); }
    std::uint32_t sectors_read() const { return sectors_read_; }
    BlockDevice& device() { return device_; }

private:
    Result<> run(Request const& request);
    BlockDevice& device_;
    std::uint32_t sectors_read_ = 0;
};

} // namespace store
