// SPDX-License-Identifier: Apache-2.0
// A file of the host without its page cache: the store's door over O_DIRECT and Linux's asynchronous I/O, as
// the block driver's ring is in the system. Every byte that passes is counted here, which no other process
// disturbs. What was submitted leaves with the next poll or flush, in one call, as the ring is rung once.
#pragma once

#include <store/block_device.hpp>

#include <cstdint>
#include <linux/aio_abi.h>
#include <string>
#include <vector>

namespace bench {

// Makes a file whose blocks are all written: a sparse one would measure the file system's allocation.
void make_written_file(std::string const& path, std::uint64_t bytes);
// Makes a file that is one hole.
void make_sparse_file(std::string const& path, std::uint64_t bytes);

class DirectFile final : public store::BlockDevice {
public:
    // Where O_DIRECT or asynchronous I/O is refused it says so and does without. Gives up the program when
    // the file cannot be opened.
    explicit DirectFile(std::string const& path);
    DirectFile(DirectFile const&) = delete;
    ~DirectFile();

    std::uint64_t capacity() const override { return capacity_; }
    void submit(store::Request const& request) override;
    std::size_t poll(std::span<store::Completion> done, bool wait) override;
    void ring(); // what was submitted leaves now

    std::uint64_t bytes_written() const { return bytes_written_; }
    std::uint64_t bytes_read() const { return bytes_read_; }
    std::uint64_t flushes() const { return flushes_; }

private:
    bool moved_at_once(store::Request const& request) const; // on a host without asynchronous I/O
    void finish(store::Completion completion) { finished_.push_back(completion); }

    int file_ = -1;
    std::uint64_t capacity_ = 0;
    aio_context_t context_ = 0;
    std::size_t flying_ = 0;
    std::vector<iocb> waiting_; // submitted, not given to the host yet
    std::vector<store::Completion> finished_;
    std::uint64_t bytes_written_ = 0, bytes_read_ = 0, flushes_ = 0;
};

} // namespace bench
