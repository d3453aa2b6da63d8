// SPDX-License-Identifier: Apache-2.0
// Sorted reads, several threads.
#include "parallel_verifier.hpp"

#include <store/hash.hpp>

#include <algorithm>
#include <thread>

namespace tools {
namespace {

constexpr std::size_t batch_blocks = std::size_t{1} << 22; // 96 MiB of entries: 16 GiB of blocks
constexpr std::uint64_t run_bytes = 1 << 20;
constexpr std::uint64_t gap_sectors = 64; // reading 32 KiB too much is cheaper than a read more

} // namespace

ParallelVerifier::ParallelVerifier(Device& device, unsigned jobs, checkpoint::CheckListener& listener)
    : device_(device),
      jobs_(jobs != 0 ? jobs : std::max(1U, std::thread::hardware_concurrency())),
      listener_(listener) {}

ParallelVerifier::Block ParallelVerifier::block_of(abi::disk::DirectoryEntry const& entry) {
    using Entry = abi::disk::DirectoryEntry;
    return {entry.sector(), Entry::Frame::get(entry.name) | Entry::Type::get(entry.name) << 56, entry.hash};
}

void ParallelVerifier::add(abi::disk::DirectoryEntry const& entry) {
    batch_.push_back(block_of(entry));
    ++total_;
    if (batch_.size() == batch_blocks) verify_batch();
}

void ParallelVerifier::finish() { verify_batch(); }

bool ParallelVerifier::is_good(abi::disk::DirectoryEntry const& entry) const {
    return !bad_.contains(block_of(entry));
}

void ParallelVerifier::verify_batch() {
    std::ranges::sort(batch_);
    divide();
    next_run_ = 0;
    std::vector<std::thread> others;
    for (unsigned i = 1; i < jobs_; ++i) others.emplace_back([this] { work(false); });
    work(true);
    for (auto& other : others) other.join();
    batch_.clear();
}

void ParallelVerifier::divide() {
    runs_.clear();
    std::span<Block const> const all(batch_);
    for (std::size_t begin = 0; begin < all.size();) {
        auto end = begin + 1;
        while (end < all.size() &&
               all[end].sector <= all[end - 1].sector + abi::disk::sectors_per_frame + gap_sectors &&
               (all[end].sector - all[begin].sector + abi::disk::sectors_per_frame) * store::sector_size <=
                   run_bytes)
            ++end;
        runs_.push_back(all.subspan(begin, end - begin));
        begin = end;
    }
}

void ParallelVerifier::work(bool shows_progress) {
    std::vector<std::byte> memory(run_bytes);
    for (auto at = next_run_++; at < runs_.size(); at = next_run_++) {
        verify_run(runs_[at], memory);
        done_ += runs_[at].size();
        if (shows_progress) listener_.progress(checkpoint::CheckPhase::frames, done_, total_);
    }
}

void ParallelVerifier::verify_run(std::span<Block const> run, base::Bytes buffer) {
    auto const first = run.front().sector;
    auto const bytes = (run.back().sector - first) * store::sector_size + abi::frame_size;
    bool const whole = device_.read_at(first * store::sector_size, buffer.first(bytes));
    for (auto const& block : run) {
        // One bad sector must not condemn its neighbours.
        auto const content =
            buffer.subspan((block.sector - first) * store::sector_size, std::size_t{abi::frame_size});
        bool const read = whole || device_.read_at(block.sector * store::sector_size, content);
        auto const frame = abi::FrameId::persistent(block.name & ((std::uint64_t{1} << 48) - 1));
        if (read &&
            store::frame_hash(frame, static_cast<abi::FrameType>(block.name >> 56), content) == block.hash)
            continue;
        std::lock_guard const lock(mutex_);
        bad_.insert(block);
    }
}

} // namespace tools
