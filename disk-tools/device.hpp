// SPDX-License-Identifier: Apache-2.0
// What a store may stand on for the tools: the store's door, and reading beside it for those who read much.
#pragma once

#include <store/block_device.hpp>

#include <cstddef>
#include <deque>
#include <string>

namespace tools {

class Device : public store::BlockDevice {
public:
    virtual ~Device() = default;
    // Reads all of `into`, from any thread, beside whatever else is in flight. false: the device failed.
    virtual bool read_at(std::uint64_t offset, base::Bytes into) = 0;
    // Why nothing works any more, for people; empty: it works, or single requests failed.
    virtual std::string failure() const { return {}; }
    std::uint64_t bytes_written() const { return bytes_written_; }

protected:
    std::uint64_t bytes_written_ = 0;
};

// An open file or block device. Requests complete in order, at poll.
class FileDevice final : public Device {
public:
    FileDevice(int file, std::uint64_t capacity) : file_(file), capacity_(capacity) {}
    std::uint64_t capacity() const override { return capacity_; }
    void submit(store::Request const& request) override;
    std::size_t poll(std::span<store::Completion> done, bool wait) override;
    bool read_at(std::uint64_t offset, base::Bytes into) override;

private:
    int file_;
    std::uint64_t capacity_;
    std::deque<store::Completion> done_;
};

} // namespace tools
