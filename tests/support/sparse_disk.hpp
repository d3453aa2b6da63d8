// SPDX-License-Identifier: Apache-2.0
// A device of any size of which only what was written takes memory. It does its requests in the order in
// which they came, so many whenever it is asked.
#pragma once

#include <store/block_device.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>

namespace tests {

class SparseDisk final : public store::BlockDevice {
public:
    explicit SparseDisk(std::uint64_t bytes, std::size_t at_once = store::requests_at_most)
        : bytes_(bytes), at_once_(at_once) {}
    std::uint64_t capacity() const override { return bytes_; }
    void submit(store::Request const& request) override { waiting_.push_back(request); }
    std::size_t poll(std::span<store::Completion> done, bool) override {
        std::size_t count = 0;
        for (; count < std::min(done.size(), at_once_) && !waiting_.empty(); ++count) {
            run(waiting_.front());
            done[count] = {waiting_.front().tag, store::Error::none};
            waiting_.pop_front();
        }
        return count;
    }
    // Bytes, by requests that are done.
    std::uint64_t written() const { return written_; }

private:
    void run(store::Request const& request) {
        if (request.kind == store::RequestKind::write) written_ += request.data.size();
        for (std::size_t at = 0; at < request.data.size(); at += sector) {
            auto const bytes = request.data.subspan(at, sector);
            auto const place = (request.offset + at) / sector;
            if (request.kind == store::RequestKind::write) {
                std::copy(bytes.begin(), bytes.end(), sectors_[place].begin());
            } else if (auto const found = sectors_.find(place); found != sectors_.end()) {
                std::copy(found->second.begin(), found->second.end(), bytes.begin());
            } else {
                std::fill(bytes.begin(), bytes.end(), std::byte{0});
            }
        }
    }

    static constexpr std::size_t sector = store::sector_size;
    std::uint64_t bytes_;
    std::size_t at_once_;
    std::unordered_map<std::uint64_t, std::array<std::byte, sector>> sectors_;
    std::deque<store::Request> waiting_;
    std::uint64_t written_ = 0;
};

} // namespace tests
