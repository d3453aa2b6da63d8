// SPDX-License-Identifier: Apache-2.0
// Verifies many blocks at once: a batch is sorted by place, neighbours are read together, and several threads
// read and hash. Its memory is bounded by the batch and one buffer a thread, whatever the store's size.
#pragma once

#include "device.hpp"

#include <checkpoint/offline.hpp>

#include <atomic>
#include <mutex>
#include <set>
#include <span>
#include <vector>

namespace tools {

class ParallelVerifier final : public checkpoint::BlockVerifier {
public:
    // `jobs`: 0 means one a processor.
    ParallelVerifier(Device& device, unsigned jobs, checkpoint::CheckListener& listener);
    void add(abi::disk::DirectoryEntry const& entry) override;
    void finish() override;
    bool is_good(abi::disk::DirectoryEntry const& entry) const override;

private:
    struct Block {
        std::uint64_t sector;
        std::uint64_t name; // frame and type: what seeds the hash
        std::uint64_t hash;
        friend auto operator<=>(Block const&, Block const&) = default;
    };
    static Block block_of(abi::disk::DirectoryEntry const& entry);
    void verify_batch();
    void divide();
    void work(bool shows_progress);
    void verify_run(std::span<Block const> run, base::Bytes buffer);

    Device& device_;
    unsigned jobs_;
    checkpoint::CheckListener& listener_;
    std::uint64_t total_ = 0; // blocks added
    std::vector<Block> batch_;
    std::vector<std::span<Block const>> runs_; // of the batch, each for one read
    std::atomic<std::size_t> next_run_ = 0;
    std::atomic<std::uint64_t> done_ = 0;
    std::mutex mutex_; // of bad_
    std::set<Block> bad_;
};

} // namespace tools
